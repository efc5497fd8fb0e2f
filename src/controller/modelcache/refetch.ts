import { createHash } from 'node:crypto'
import type { ModelCache } from '../../api/modelcache.ts'
import { REFETCH } from '../../api/names.ts'
import { pinOf } from '../../api/pinned-revision.ts'
import { isStaging } from '../../api/staging.ts'

/**
 * Caches that were created together do not look at their sources together: each waits up to a tenth longer.
 */
const JITTER = 0.1
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000 }

/** Whether somebody asks for a new run, or the time for it has come. */
export function isToBeStagedAgain(cache: ModelCache, now: number): boolean {
  return isAskedFor(cache) || now >= (dueAt(cache) ?? Number.POSITIVE_INFINITY)
}

/** Whether the annotations ask for a new run, or for another revision, and that was not done yet. */
export function isAskedFor(cache: ModelCache): boolean {
  const { metadata, status } = cache
  const wanted = metadata.annotations?.[REFETCH]
  const pin = pinOf(cache)
  return (
    (wanted !== undefined && wanted !== status?.hydration?.refetch) ||
    (pin !== undefined && pin !== status?.resolvedRevision)
  )
}

/** When the controller looks at the source again, in milliseconds since the epoch; undefined for never. */
export function dueAt({ metadata, spec, status }: ModelCache): number | undefined {
  const [, amount, unit = ''] = /^(\d+)([mh])$/.exec(spec.refetch?.every ?? '') ?? []
  const last = status?.lastCheckedAt ?? status?.lastHydratedAt
  if (amount === undefined || last === undefined || !isStaging(spec)) return undefined
  const every = Number(amount) * (UNITS[unit] ?? 0)
  return Date.parse(last) + every * (1 + JITTER * shareOf(metadata.uid ?? ''))
}

/** The same number from 0 to 1 for the same cache. */
function shareOf(uid: string): number {
  return createHash('sha256').update(uid).digest().readUInt32BE() / 2 ** 32
}

/** The command that stages a cache again, for messages. */
export function refetchCommand({ metadata }: ModelCache): string {
  const { namespace, name } = metadata
  return `kubectl -n ${namespace} annotate modelcache/${name} --overwrite ${REFETCH}="$(date)"`
}
