import type { ConsumerPod } from '../../../api/kubernetes/consumer-pod.ts'
import { folderOf } from '../../../api/kubernetes/consumer-pod.ts'
import type { ModelCache } from '../../../api/modelcache.ts'
import { snapshotFolderOf, stagingPlace } from '../../../api/staging.ts'
import { readRecord } from '../../../injection/record.ts'
import { rfc3339 } from '../../conditions.ts'
import { deletions } from '../job/ended.ts'
import { inputsNow } from '../job/job-state.ts'
import { advanceRun } from '../job/run.ts'
import type { Observation } from '../observe.ts'
import type { Actions } from '../step.ts'

/**
 * Bytes go this long after the record of what may be mounted has changed: longer than any admission takes
 * that rests on the old record, and longer than a watch of the webhook lags.
 */
const SETTLE_MS = 30_000
const AGAIN_MS = 10_000

/** How many snapshots stay beside the present one, although no pod mounts them. */
const KEPT = 1

/**
 * Removes snapshots that no pod mounts. First the record of what may be mounted changes, so that no new pod
 * gets them. After a while the pods are looked at again, live, and what one of them mounts comes back. Then a
 * Job removes the bytes, because the controller has no volume. Undefined if there is nothing to do.
 */
export function pruning(seen: Observation): Actions | undefined {
  const { removal } = seen.cache.status ?? {}
  return removal === undefined ? withdrawn(seen) : removed(seen, removal)
}

/**
 * Whether a new run of a Ready cache has to wait until old snapshots are gone: one goes right now, or the run
 * has failed because the volume is full. A removal that fails holds nothing up.
 */
export function comesFirst(seen: Observation): boolean {
  const { hydration, removal } = seen.cache.status ?? {}
  const { failure } = hydration ?? {}
  if (failure !== undefined && failure.madeFrom === inputsNow(seen, 'prune')) return false
  return (
    seen.runs.prune !== undefined ||
    (lacksRoom(seen) && (removal !== undefined || unused(seen, 0).length > 0))
  )
}

function lacksRoom({ cache }: Observation): boolean {
  return cache.status?.hydration?.failure?.reason === 'NoSpace'
}

function withdrawn(seen: Observation): Actions | undefined {
  const { status, spec } = seen.cache
  const kept = lacksRoom(seen) ? 0 : (spec.storage.pvc?.keepSnapshots ?? KEPT)
  const digests = unused(seen, kept)
  if (digests.length === 0) return undefined
  const snapshots = status?.snapshots?.filter(({ digest }) => !digests.includes(digest))
  return {
    status: { snapshots, removal: { digests, since: rfc3339(seen.now) } },
    againMs: SETTLE_MS,
  }
}

/** The snapshots that no pod mounts, without the present one and the newest others. */
function unused({ cache, holders }: Observation, kept: number): string[] {
  const { snapshots = [], resolvedDigest } = cache.status ?? {}
  const others = snapshots.map(({ digest }) => digest).filter(digest => digest !== resolvedDigest)
  const old = others.slice(0, Math.max(0, others.length - kept))
  if (old.length === 0) return []
  const pods = (holders?.() ?? []).filter(({ finished }) => !finished)
  return old.filter(digest => !pods.some(pod => mounts(pod, cache, digest)))
}

/** By its containers or by its record: a pod that waited at a gate mounts what its record says. */
function mounts(pod: ConsumerPod, cache: ModelCache, digest: string): boolean {
  const place = stagingPlace(cache)
  return (
    pod.folders.includes(folderOf(place.claimName, snapshotFolderOf(place, digest))) ||
    readRecord(pod.record).get(cache.metadata.name) === digest
  )
}

function removed(
  seen: Observation,
  removal: NonNullable<NonNullable<ModelCache['status']>['removal']>,
): Actions {
  const { cache, runs, consumers, now } = seen
  const others = deletions(runs.hydrate, runs.measure, runs.verify)
  const wait = Date.parse(removal.since) + SETTLE_MS - now
  if (wait > 0) return { writes: others, againMs: wait }
  // Their pods may still write to the volume.
  if (runs.hydrate ?? runs.measure ?? runs.verify) return { writes: others, againMs: AGAIN_MS }
  if (runs.prune === undefined) {
    // They could not be read. Without them, no byte goes.
    if (consumers === undefined) return { writes: others, againMs: AGAIN_MS }
    const mounted = removal.digests.filter(digest => consumers.some(pod => mounts(pod, cache, digest)))
    if (mounted.length > 0) return restored(seen, removal, mounted)
  }
  const { result } = advanceRun(seen, 'prune')
  const { hydration } = cache.status ?? {}
  if (result === undefined)
    return {
      status: {
        removal: undefined,
        hydration: { ...hydration, attempt: undefined, message: undefined, failure: undefined },
      },
      writes: others,
    }
  const { verdict, writes = [], status = {}, againMs } = result
  const message = verdict && `${verdict.reason}: ${verdict.message}`
  return {
    status: { hydration: { ...(status.hydration ?? hydration), message } },
    writes: [...others, ...writes],
    againMs,
  }
}

/** A pod was admitted in the meantime. What it mounts may be mounted again. */
function restored(
  { cache }: Observation,
  { digests, since }: { digests: readonly string[]; since: string },
  mounted: readonly string[],
): Actions {
  const rest = digests.filter(digest => !mounted.includes(digest))
  return {
    status: {
      snapshots: [...mounted.map(digest => ({ digest })), ...(cache.status?.snapshots ?? [])],
      removal: rest.length === 0 ? undefined : { digests: rest, since },
    },
    againMs: AGAIN_MS,
  }
}
