import type { ModelCache } from '../../../api/modelcache.ts'
import { effectOf, knownReason, type StatusReason } from '../../../api/status-reasons.ts'
import { doublingMs } from '../../../backoff.ts'
import { rfc3339 } from '../../conditions.ts'
import type { Observation, Run } from '../observe.ts'
import { refetchCommand } from '../refetch.ts'
import { notReady, type RunFailure, type StepResult, type Write } from '../step.ts'
import { stateOfHydrator } from './pods.ts'

/** A failed Job that may succeed later is created again after a pause that doubles. */
const PAUSE = { baseMs: 60_000, capMs: 30 * 60_000 }

/**
 * A final failure waits for somebody to act. Any other is retried after a pause, by the writes `again`.
 * Status keeps the failure, because the Job may be gone at the next look.
 */
export function failed({ cache, now }: Observation, failure: RunFailure, again: Write[]): StepResult {
  const { message, finishedAt } = failure
  const { hydration } = cache.status ?? {}
  const reason = knownReason(failure.reason)
  if (effectOf(reason) === 'final') {
    const status = { hydration: { ...hydration, failure } }
    return notReady({ reason, message: `${message}; ${remedy(cache, reason)}` }, 'Failed', { status })
  }
  const attempt = Math.max(1, hydration?.attempt ?? 1)
  const nextMs = Date.parse(finishedAt) + doublingMs(attempt, PAUSE)
  const nextAttemptAt = rfc3339(nextMs)
  const next = `attempt ${attempt + 1} starts at ${nextAttemptAt}, or at once: ${refetchCommand(cache)}`
  const status = { hydration: { ...hydration, failure: { ...failure, nextAttemptAt } } }
  const actions = nextMs > now ? { againMs: nextMs - now } : { writes: again }
  return notReady({ reason, message: `${message}; ${next}` }, 'Failed', { ...actions, status })
}

/** A checksum of the ModelCache itself cannot be corrected in place, and to fetch again would not help. */
function remedy(cache: ModelCache, reason: StatusReason): string {
  if (reason !== 'ChecksumMismatch' || !givesChecksum(cache)) return `then: ${refetchCommand(cache)}`
  return "compare the checksum with the publisher's; if the one in the ModelCache is wrong, delete the ModelCache and create it with the right one"
}

function givesChecksum({ spec }: ModelCache): boolean {
  const { sha256, urls = [] } = spec.artifact.source?.http ?? {}
  return sha256 !== undefined || urls.some(each => each.sha256 !== undefined)
}

/** When the run ended, in milliseconds since the epoch; undefined if it has not. */
export function endOf(run: Run): number | undefined {
  const job = held(run, 'Failed', 'Complete')?.lastTransitionTime
  const pod = run.pods.at(-1)
  const at = Date.parse(job ?? (pod && stateOfHydrator(pod).terminated?.finishedAt) ?? '')
  return Number.isNaN(at) ? undefined : at
}

/** The first condition of one of these types that is True. */
export function held({ job }: Run, ...types: string[]) {
  return job.status?.conditions?.find(({ type, status }) => status === 'True' && types.includes(type))
}

/**
 * Deletes each Job that exists and is not being deleted yet, together with its pods. The default of the API
 * would leave the pods.
 */
export function deletions(...runs: readonly (Run | undefined)[]): Write[] {
  return runs.flatMap(run => {
    if (run === undefined || run.job.metadata.deletionTimestamp !== undefined) return []
    const { name, uid } = run.job.metadata
    return [{ do: 'delete', kind: 'HydrationJob', name, uid, propagation: 'Foreground' } as const]
  })
}
