import type { HydrationReport } from '../../../api/hydration-report.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { REFETCH } from '../../../api/names.ts'
import { foreign } from '../../../api/schema/text.ts'
import { rfc3339 } from '../../conditions.ts'
import { advanceRun } from '../job/run.ts'
import type { Observation } from '../observe.ts'
import { ready, type Step } from '../step.ts'

/** Status has room for this many. The oldest are dropped first. */
const MAX_SNAPSHOTS = 64

const MIB = 2 ** 20

/** Runs the Job that writes the snapshot, and reads its report. */
export const snapshot: Step = seen => {
  const { result, report, at } = advanceRun(seen, 'hydrate')
  if (result !== undefined) return result
  const message = `${words(report, seen.claim?.metadata.name ?? '')}${below(seen, report)}`
  return ready({ reason: 'SnapshotComplete', message }, { status: staged(seen, report, at) })
}

function staged(
  { cache, now }: Observation,
  report: HydrationReport,
  at: string | undefined,
): Partial<ModelCacheStatus> {
  const { digest, revision, bytes, files } = report
  const { status, metadata } = cache
  const refetch = metadata.annotations?.[REFETCH]
  const others = (status?.snapshots ?? []).filter(known => known.digest !== digest)
  return {
    resolvedDigest: digest,
    resolvedRevision: revision,
    snapshots: [...others, { digest }].slice(-MAX_SNAPSHOTS),
    removal: without(status?.removal, digest),
    bytesStaged: bytes,
    bytesTotal: bytes,
    filesStaged: files,
    progress: '100%',
    lastHydratedAt: at ?? rfc3339(now),
    ...(cache.spec.refetch && { lastCheckedAt: rfc3339(now) }),
    // What a verification found damaged was hashed now, and a new snapshot was never verified.
    verification:
      status?.verification?.intact && status.verification.digest === digest ? status.verification : undefined,
    // The next run, whenever it comes, counts as a first one.
    hydration: {
      ...status?.hydration,
      attempt: undefined,
      message: undefined,
      failure: undefined,
      revision: undefined,
      ...(refetch !== undefined && { refetch }),
    },
  }
}

/** A snapshot that is staged again stays. */
function without(removal: ModelCacheStatus['removal'], digest: string): ModelCacheStatus['removal'] {
  const digests = removal?.digests.filter(each => each !== digest) ?? []
  return removal === undefined || digests.length === 0 ? undefined : { ...removal, digests }
}

/** Where the files of an archive with one folder at its top are, because engines want their folder. */
function below({ cache: { spec } }: Observation, { topFolder }: HydrationReport): string {
  if (topFolder === undefined || spec.artifact.source?.http === undefined) return ''
  const path = foreign(`${spec.mount.path}/${topFolder}`, 300)
  return `; all of them are in one folder, so engines read ${path}, or set http.stripComponents: 1 in a new ModelCache`
}

/** Short, because people read it in `kubectl describe`. */
function words({ files, bytes, leftOut, seconds }: HydrationReport, claim: string): string {
  const size = bytes < MIB ? `${bytes} bytes` : `${Math.ceil(bytes / MIB)} MiB`
  const left =
    leftOut === undefined || leftOut === 0
      ? ''
      : `; ${leftOut} files that repeat the same weights are left out; set include to stage them too`
  return `${files} files of ${size} are on claim ${claim}, staged in ${Math.ceil(seconds)} s${left}`
}
