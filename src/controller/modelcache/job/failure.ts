import { hydrationFailure } from '../../../api/hydration-report.ts'
import type { HydrationJob } from '../../../api/kubernetes/hydration-job.ts'
import { DISRUPTED, type HydrationPod } from '../../../api/kubernetes/hydration-pod.ts'
import { parseJson } from '../../../api/schema/parse.ts'
import { foreign, printable } from '../../../api/schema/text.ts'
import type { Cause } from '../step.ts'
import { stateOfHydrator } from './pods.ts'

const MAX_TAIL = 512

/** Why a Job failed. Its last pod knows more than the Job does, so we ask the pod if it still exists. */
export function failureOfJob({ status }: HydrationJob, pods: readonly HydrationPod[]): Cause {
  const pod = pods.at(-1)
  const known = pod && failureOfPod(pod)
  const { reason, message } = status?.conditions?.find(({ type }) => type === 'Failed') ?? {}
  // A pod that is ended because of a deadline only knows that it was interrupted.
  const isInterrupted = reason === 'DeadlineExceeded' && known?.reason === 'Interrupted'
  if (known !== undefined && !isInterrupted) return known
  const words = [reason, message].filter(Boolean).join(': ')
  if (reason === 'DeadlineExceeded')
    return {
      reason,
      message: `the Job took longer than its activeDeadlineSeconds, which somebody else has set: ${foreign(words, MAX_TAIL)}`,
    }
  return { reason: 'HydrationFailed', message: `the Job failed: ${foreign(words, MAX_TAIL)}` }
}

/** Why a pod ended without success; undefined if it has not ended, or succeeded. */
export function failureOfPod(pod: HydrationPod): Cause | undefined {
  const { status } = pod
  if (status?.reason === 'Evicted') {
    const message = `pod ${pod.metadata.name} was evicted: ${foreign(status.message ?? '', MAX_TAIL)}`
    return { reason: 'Evicted', message }
  }
  const { terminated } = stateOfHydrator(pod)
  if (terminated === undefined || terminated.exitCode === 0) return undefined
  const disrupted = disruption(pod)
  if (disrupted !== undefined) return disrupted
  if (terminated.reason === 'OOMKilled') {
    const message = `pod ${pod.metadata.name} used more memory than its limit; raise spec.hydration.resources.limits.memory`
    return { reason: 'OOMKilled', message }
  }
  const said = lastLine(terminated.message)
  const failure = said === undefined ? undefined : hydrationFailure.safeParse(said).data
  if (failure !== undefined) return { reason: failure.reason, message: printable(failure.message) }
  const tail = printable((terminated.message ?? '').trim().slice(-MAX_TAIL))
  const message = `pod ${pod.metadata.name} ended with exit code ${terminated.exitCode}${tail && `: ${tail}`}`
  return { reason: 'HydrationFailed', message }
}

/** Who ended a pod that did not end by itself. */
function disruption({ metadata, status }: HydrationPod): Cause | undefined {
  const { reason, message = '' } =
    status?.conditions?.find(({ type, status: held }) => type === DISRUPTED && held === 'True') ?? {}
  if (reason === undefined) return undefined
  const words = foreign(message, MAX_TAIL)
  if (reason === 'PreemptionByScheduler')
    return {
      reason: 'Preempted',
      message: `pod ${metadata.name} made room for a pod of higher priority: ${words}`,
    }
  return { reason: 'Evicted', message: `pod ${metadata.name} was ended (${foreign(reason, 64)}): ${words}` }
}

/** The last line of a termination message, as JSON. */
export function lastLine(message: string | undefined): unknown {
  const line = message?.trimEnd().split('\n').at(-1)
  return line === undefined ? undefined : parseJson(line)
}
