import type { ModelCache } from '../../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { VERIFY } from '../../../api/names.ts'
import { rfc3339 } from '../../conditions.ts'
import { advanceRun } from '../job/run.ts'
import type { Observation } from '../observe.ts'
import type { Actions, Cause } from '../step.ts'

const MAX_MESSAGE = 4_096

/** Whether the verify annotation has a value that was not handled yet. */
export function isToBeVerified({ metadata, status }: ModelCache): boolean {
  const wanted = metadata.annotations?.[VERIFY]
  return wanted !== undefined && wanted !== status?.hydration?.verify
}

/** Runs the Job that hashes the snapshot, and notes what it found. The cache keeps its verdict meanwhile. */
export function verification(seen: Observation): Actions {
  const { result, at } = advanceRun(seen, 'verify')
  if (result === undefined) return verified(seen, undefined, at)
  const { verdict } = result
  if (verdict?.reason === 'SnapshotDamaged' && verdict.phase === 'Failed')
    return verified(seen, verdict.message)
  const { writes = [], againMs, status } = result
  return { ...progress(seen, verdict && `${verdict.reason}: ${verdict.message}`, status), writes, againMs }
}

/** Why no pod may get the snapshot: a verification found that its files are not what was staged. */
export function damage({ verification: found, resolvedDigest }: ModelCacheStatus): Cause | undefined {
  if (found === undefined || found.intact || found.digest !== resolvedDigest) return undefined
  return { reason: 'SnapshotDamaged', message: found.message ?? `snapshot ${found.digest} is damaged` }
}

function verified({ cache, now }: Observation, message: string | undefined, at?: string): Actions {
  const { hydration, resolvedDigest = '' } = cache.status ?? {}
  return {
    status: {
      verification: {
        digest: resolvedDigest,
        intact: message === undefined,
        ...(message !== undefined && { message: message.slice(0, MAX_MESSAGE) }),
        finishedAt: at ?? rfc3339(now),
      },
      hydration: {
        ...hydration,
        attempt: undefined,
        message: undefined,
        failure: undefined,
        verify: cache.metadata.annotations?.[VERIFY],
      },
    },
  }
}

function progress(
  { cache }: Observation,
  message: string | undefined,
  { hydration = cache.status?.hydration }: Partial<ModelCacheStatus> = {},
): Actions {
  return { status: { hydration: { ...hydration, message } } }
}
