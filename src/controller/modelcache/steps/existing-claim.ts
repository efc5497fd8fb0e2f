import type { PersistentVolume } from '../../../api/kubernetes/persistent-volume.ts'
import { isRawDevice, type PersistentVolumeClaim } from '../../../api/kubernetes/persistent-volume-claim.ts'
import type { StorageClass } from '../../../api/kubernetes/storage-class.ts'
import { quote } from '../../../api/schema/text.ts'
import type { StatusReason } from '../../../api/status-reasons.ts'
import { goOn, notReady, ready, type Step } from '../step.ts'

/** With backend ExistingPVC, the cache is Ready when the claim that people filled can be mounted. */
export const existingClaim: Step = ({ cache: { spec }, claim, claimClass, volume }) => {
  const { backend, existingPVC: reference } = spec.storage
  if (backend !== 'ExistingPVC' || reference === undefined) return goOn()
  const { ready: isReady, ...cause } = claimState(reference.name, claim, { storageClass: claimClass, volume })
  const size = claim?.status?.capacity?.storage
  const status = {
    claimName: reference.name,
    ...(claim?.metadata.uid !== undefined && { claimUID: claim.metadata.uid }),
    ...(size !== undefined && { size: String(size) }),
  }
  return isReady ? ready(cause, { status }) : notReady(cause, 'Pending', { status })
}

/** Whether a claim that people filled can be mounted, and if not, why. */
interface ClaimState {
  ready: boolean
  reason: StatusReason
  message: string
}

/**
 * With backend ExistingPVC, the cache is Ready if its claim is bound, is not being deleted, and several nodes
 * can mount it. Pods keep a deleted claim alive, but new pods would hang.
 */
export function claimState(
  name: string,
  claim: PersistentVolumeClaim | undefined,
  {
    storageClass,
    volume,
  }: { storageClass?: StorageClass | undefined; volume?: PersistentVolume | undefined } = {},
): ClaimState {
  const subject = `PersistentVolumeClaim ${name}`
  if (claim === undefined) {
    return { ready: false, reason: 'ClaimNotFound', message: `${subject} does not exist` }
  }
  if (claim.metadata.deletionTimestamp !== undefined) {
    return { ready: false, reason: 'ClaimTerminating', message: `${subject} is being deleted` }
  }
  if (isRawDevice(claim)) {
    const message = `${subject} is a raw device (volumeMode Block), which no pod can mount; use one of volumeMode Filesystem`
    return { ready: false, reason: 'ClaimNotMountable', message }
  }
  const phase = claim.status?.phase ?? 'Pending'
  if (phase === 'Lost') {
    return { ready: false, reason: 'ClaimLost', message: `${subject} has lost its volume` }
  }
  if (phase === 'Pending' && storageClass?.volumeBindingMode === 'WaitForFirstConsumer') {
    const message = `${subject} has no volume until a pod mounts it (its StorageClass ${storageClass.metadata.name} is WaitForFirstConsumer), so it is still empty; run a Job that mounts it and fills it`
    return { ready: false, reason: 'ClaimWaitsForConsumer', message }
  }
  if (phase !== 'Bound') {
    return { ready: false, reason: 'ClaimNotBound', message: `${subject} is ${phase}, not Bound` }
  }
  const modes = claim.status?.accessModes ?? []
  if (!modes.includes('ReadWriteMany') && !modes.includes('ReadOnlyMany')) {
    const message = `the volume of ${subject} is ${modes.join(', ') || 'without access modes'}, neither ReadWriteMany nor ReadOnlyMany`
    return { ready: false, reason: 'ClaimNotShared', message }
  }
  const node = volume?.spec.onlyNode
  if (node !== undefined) {
    const message = `the volume of ${subject} can only be reached from node ${quote(node)}; pods on several nodes need one that all nodes can reach`
    return { ready: false, reason: 'ClaimNotShared', message }
  }
  return { ready: true, reason: 'ClaimBound', message: `${subject} is bound and ${modes.join(', ')}` }
}
