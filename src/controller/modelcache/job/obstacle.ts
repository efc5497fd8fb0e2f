import { type HydrationPod, SCHEDULED } from '../../../api/kubernetes/hydration-pod.ts'
import { foreign } from '../../../api/schema/text.ts'
import type { StatusReason } from '../../../api/status-reasons.ts'
import { isQuota } from '../api-rejection.ts'
import { isUnbound, type Observation, type Run } from '../observe.ts'
import type { Cause } from '../step.ts'
import { failureOfPod } from './failure.ts'
import { falseCondition, hasEnded, isRunning, stateOfHydrator } from './pods.ts'

/** After this time without a volume, a claim is not about to be bound. */
const BINDING_MS = 120_000
const MAX_MESSAGE = 1_024

/** What keeps a Job from working now, in the words of the component that knows; undefined if all is well. */
export function obstacle(seen: Observation, { job, pods }: Run): Cause | undefined {
  const pod = pods.at(-1)
  if (pod === undefined) return podRejected(seen, job.metadata.name)
  if (isRunning(pod)) return undefined
  if (hasEnded(pod)) return retried(pod)
  if (pod.status?.phase !== 'Pending') return undefined
  return imagePull(pod) ?? storage(seen) ?? unschedulable(seen, pod) ?? unbound(seen) ?? waiting(seen, pod)
}

function podRejected({ warnings }: Observation, job: string): Cause | undefined {
  const told = warnings?.run
  if (told === undefined) return undefined
  const reason = rejectionReason(told)
  return { reason, message: `Job ${job} cannot create its pod; an Event says ${told}` }
}

/** The words of the API server for each of its plugins that may reject a pod. */
const REJECTIONS: readonly [RegExp, StatusReason][] = [
  [/violates PodSecurity/, 'PodSecurity'],
  [/(maximum|minimum) \S+ usage per (Container|Pod)|limit to request ratio per/, 'LimitRangeExceeded'],
  [/admission webhook \S+ denied|ValidatingAdmissionPolicy .* denied/, 'PolicyViolated'],
]

function rejectionReason(told: string): StatusReason {
  if (isQuota(told)) return 'QuotaExceeded'
  return REJECTIONS.find(([words]) => words.test(told))?.[1] ?? 'PodRejected'
}

function retried(pod: HydrationPod): Cause | undefined {
  const failure = failureOfPod(pod)
  return failure && { ...failure, message: `${failure.message}; the Job creates another pod soon` }
}

function imagePull(pod: HydrationPod): Cause | undefined {
  const { waiting: state } = stateOfHydrator(pod)
  if (!/Image|Registry/.test(state?.reason ?? '')) return undefined
  const words = foreign(`${state?.reason}: ${state?.message ?? ''}`, MAX_MESSAGE)
  const message = `pod ${pod.metadata.name} has no image: ${words}; make sure that its node can pull it, or set spec.hydration.imagePullSecrets`
  return { reason: 'ImagePullFailed', message }
}

function storage({ claim, warnings }: Observation): Cause | undefined {
  const told = warnings?.claim
  if (told === undefined) return undefined
  return {
    reason: 'StorageUnprovisioned',
    message: `claim ${claim?.metadata.name} gets no volume; an Event says ${told}`,
  }
}

function unschedulable(seen: Observation, pod: HydrationPod): Cause | undefined {
  const condition = falseCondition(pod, SCHEDULED)
  const words = condition?.message ?? ''
  // If the claim should be bound before any pod uses it, the claim is what to look at.
  if (condition?.reason !== 'Unschedulable' || (isUnbound(seen) && words.includes('unbound immediate')))
    return undefined
  if (isUnbound(seen) && /persistent ?volumes? to bind|did not have enough free storage/i.test(words))
    return noVolume(seen, words)
  const message = `no node can run pod ${pod.metadata.name}: ${foreign(words, MAX_MESSAGE)}; see spec.hydration`
  return { reason: 'PodUnschedulable', message }
}

/**
 * With WaitForFirstConsumer the scheduler looks for the volume, so it is the one who says that there is none.
 */
function noVolume({ claim }: Observation, words: string): Cause {
  const { storageClassName } = claim?.spec ?? {}
  const message = `StorageClass ${storageClassName} has no volume for claim ${claim?.metadata.name}; make a PersistentVolume that is large enough and ReadWriteMany, or use a class that creates volumes; the scheduler says ${foreign(words, MAX_MESSAGE)}`
  return { reason: 'StorageUnprovisioned', message }
}

function unbound(seen: Observation): Cause | undefined {
  const { claim, now, storageClass } = seen
  const since = Date.parse(claim?.metadata.creationTimestamp ?? '')
  if (claim === undefined || !isUnbound(seen) || !(now - since > BINDING_MS)) return undefined
  const by = storageClass.found?.provisioner ?? 'the provisioner'
  const message = `claim ${claim.metadata.name} has no volume after ${BINDING_MS / 60_000} minutes; make sure that ${by} runs in the cluster, and see: kubectl describe pvc ${claim.metadata.name}`
  return { reason: 'StorageUnprovisioned', message }
}

/** What kubelet and the attach-detach controller say. */
const MOUNT = /MountVolume|MountDevice|AttachVolume|attach or mount/

function waiting(seen: Observation, pod: HydrationPod): Cause | undefined {
  const told = seen.warnings?.run
  // While the claim waits for its volume, the pod waits for that too.
  if (told === undefined || isUnbound(seen)) return undefined
  const reason = MOUNT.test(told) ? 'MountFailed' : 'PodWaiting'
  return { reason, message: `pod ${pod.metadata.name} cannot start; an Event says ${told}` }
}
