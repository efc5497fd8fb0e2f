import { REFETCH } from '../../../api/names.ts'
import { effectOf } from '../../../api/status-reasons.ts'
import { doublingMs } from '../../../backoff.ts'
import type { Observation, Run } from '../observe.ts'
import { type Cause, notReady, type StepResult, type Write } from '../step.ts'

/** A failed Job that may succeed later is created again after a pause that doubles. */
const PAUSE = { baseMs: 60_000, capMs: 30 * 60_000 }

/** A final failure waits for somebody to act. Any other is retried. */
export function failed(seen: Observation, run: Run, { reason, message }: Cause): StepResult {
  const { cache, now } = seen
  const { namespace, name } = cache.metadata
  if (effectOf(reason) === 'final') {
    const again = `then: kubectl -n ${namespace} annotate modelcache/${name} --overwrite ${REFETCH}="$(date)"`
    return notReady({ reason, message: `${message}; ${again}` }, 'Failed')
  }
  const attempt = Math.max(1, cache.status?.hydration?.attempt ?? 1)
  const pause = doublingMs(attempt, PAUSE)
  const since = endOf(run) ?? now
  const left = since + pause - now
  const next = `this was attempt ${attempt}, and the next one starts within ${Math.ceil(pause / 60_000)} min`
  const actions = left > 0 ? { againMs: left } : { writes: [deletion(run)] }
  return notReady({ reason, message: `${message}; ${next}` }, 'Failed', actions)
}

export function endOf(run: Run): number | undefined {
  const at = Date.parse(held(run, 'Failed', 'Complete')?.lastTransitionTime ?? '')
  return Number.isNaN(at) ? undefined : at
}

/** The first condition of one of these types that is True. */
export function held({ job }: Run, ...types: string[]) {
  return job.status?.conditions?.find(({ type, status }) => status === 'True' && types.includes(type))
}

/** Deletes a Job together with its pods. The default of the API would leave the pods. */
export function deletion({ job }: Run): Write {
  const { name, uid } = job.metadata
  return { do: 'delete', kind: 'HydrationJob', name, uid, propagation: 'Foreground' }
}

/** The same for each Job that exists and is not being deleted yet. */
export function deletions(...runs: readonly (Run | undefined)[]): Write[] {
  return runs.flatMap(run =>
    run === undefined || run.job.metadata.deletionTimestamp !== undefined ? [] : [deletion(run)],
  )
}
