import { CACHE_READY_GATE } from '../api/names.ts'
import type { SeenPod } from './objects.ts'
import { line } from './words.ts'

/** What keeps a pod from running; undefined if nothing that it tells. */
export function podProblem({ metadata, spec, status }: SeenPod): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return 'being deleted'
  if (spec?.schedulingGates?.some(({ name }) => name === CACHE_READY_GATE))
    return 'waits at its gate until its caches are Ready'
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False') return `${line(scheduled.reason, 60)}: ${line(scheduled.message)}`
  for (const { name, state } of [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ]) {
    if (state?.waiting?.reason !== undefined)
      return `container ${name}: ${line(state.waiting.reason, 60)}${colon(state.waiting.message)}`
    if (state?.terminated !== undefined && state.terminated.exitCode !== 0)
      return `container ${name}: exit code ${state.terminated.exitCode}${colon(state.terminated.reason)}${colon(state.terminated.message)}`
  }
  return status?.reason === undefined ? undefined : `${line(status.reason, 60)}${colon(status.message)}`
}

/** The message after a reason, if there is one. */
export function colon(message: string | undefined): string {
  return message === undefined || message === '' ? '' : `: ${line(message)}`
}

/** Whether a pod serves, or has done its work. */
export function isPodReady({ status }: SeenPod): boolean {
  if (status?.phase === 'Succeeded') return true
  return status?.conditions?.some(({ type, status: held }) => type === 'Ready' && held === 'True') === true
}
