import { HYDRATOR_CONTAINER, type HydrationPod } from '../../../api/kubernetes/hydration-pod.ts'

/** The state of the hydrator's container. */
export function stateOfHydrator({ status }: HydrationPod) {
  return status?.containerStatuses?.find(({ name }) => name === HYDRATOR_CONTAINER)?.state ?? {}
}

/** Whether the hydrator runs now. */
export function isRunning(pod: HydrationPod): boolean {
  return stateOfHydrator(pod).running !== undefined
}

/** Whether the hydrator has ended, whatever the other containers of its pod do. */
export function hasEnded(pod: HydrationPod): boolean {
  return stateOfHydrator(pod).terminated !== undefined || isFinished(pod)
}

/** Whether the pod has ended for good. */
export function isFinished({ status }: HydrationPod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

/** A condition of the pod that is False, such as `PodScheduled`. */
export function falseCondition({ status }: HydrationPod, type: string) {
  return status?.conditions?.find(condition => condition.type === type && condition.status === 'False')
}
