import type { PersistentVolume } from '../../../api/kubernetes/persistent-volume.ts'
import { isRawDevice, type PersistentVolumeClaim } from '../../../api/kubernetes/persistent-volume-claim.ts'
import type { StorageClass } from '../../../api/kubernetes/storage-class.ts'
import { quote } from '../../../api/schema/text.ts'
import { isStaging } from '../../../api/staging.ts'
import type { StatusReason } from '../../../api/status-reasons.ts'
import { deletions } from '../job/ended.ts'
import type { Observation } from '../observe.ts'
import { isStaged } from '../staged.ts'
import { goOn, notReady, ready, type Step, type StepResult } from '../step.ts'

/**
 * With backend ExistingPVC and without a source, the cache is Ready when the claim that people filled can be
 * mounted. With a source, the claim must be there to stage into.
 */
export const existingClaim: Step = seen => {
  const { cache, claim, claimClass, volume } = seen
  const { backend, existingPVC: reference } = cache.spec.storage
  if (backend !== 'ExistingPVC' || reference === undefined) return goOn()
  if (isStaging(cache.spec)) return stagedInto(seen, reference.name)
  const { ready: isReady, ...cause } = claimState(reference.name, claim, { storageClass: claimClass, volume })
  const size = claim?.status?.capacity?.storage
  const status = {
    claimName: reference.name,
    ...(claim?.metadata.uid !== undefined && { claimUID: claim.metadata.uid }),
    ...(size !== undefined && { size: String(size) }),
  }
  return isReady ? ready(cause, { status }) : notReady(cause, 'Pending', { status })
}

/**
 * Nothing is written before the claim is known to be the right one, and a staged cache does not wait for it.
 */
function stagedInto(seen: Observation, name: string): StepResult {
  const { cache, claim, claimClass, volume, runs } = seen
  const state = claimState(name, claim, { storageClass: claimClass, volume, isWritten: true })
  const isGone =
    claim === undefined || claim.metadata.deletionTimestamp !== undefined || state.reason === 'ClaimLost'
  // The Job is the first consumer of a claim that waits for one.
  const isUsable = state.ready || state.reason === 'ClaimWaitsForConsumer' || (isStaged(cache) && !isGone)
  if (!isUsable) {
    const { ready: _, ...cause } = state
    return notReady(cause, 'Pending', {
      status: { claimName: name },
      writes: deletions(runs.hydrate, runs.verify),
    })
  }
  const status = { claimName: name }
  // Of a staged cache, status has the UID of the claim that was staged.
  return goOn({ status: isStaged(cache) ? status : { ...status, claimUID: claim?.metadata.uid } })
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
    isWritten = false,
  }: {
    storageClass?: StorageClass | undefined
    volume?: PersistentVolume | undefined
    /** The artifact is staged into it. */
    isWritten?: boolean
  } = {},
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
  const limited = limitOf(modes, volume, isWritten)
  if (limited !== undefined)
    return { ready: false, reason: 'ClaimNotShared', message: `the volume of ${subject} ${limited}` }
  return { ready: true, reason: 'ClaimBound', message: `${subject} is bound and ${modes.join(', ')}` }
}

/** Why not every node can mount the volume as it is wanted. */
function limitOf(
  modes: readonly string[],
  volume: PersistentVolume | undefined,
  isWritten: boolean,
): string | undefined {
  if (!modes.includes('ReadWriteMany') && (isWritten || !modes.includes('ReadOnlyMany'))) {
    const wanted = isWritten ? 'not ReadWriteMany' : 'neither ReadWriteMany nor ReadOnlyMany'
    return `is ${modes.join(', ') || 'without access modes'}, ${wanted}`
  }
  const node = volume?.spec.onlyNode
  return node === undefined
    ? undefined
    : `can only be reached from node ${quote(node)}; pods on several nodes need one that all nodes can reach`
}
