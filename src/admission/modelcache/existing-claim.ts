import { isRawDevice, type PersistentVolumeClaim } from '../../api/kubernetes/persistent-volume-claim.ts'
import { quote } from '../../api/schema/text.ts'
import { isStaging } from '../../api/staging.ts'
import { violation } from '../../api/violation.ts'
import type { ClusterView, ObjectRef } from '../cluster-view.ts'
import { error, type Finding, warning } from '../finding.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.storage.existingPVC'

/**
 * The claim of backend ExistingPVC exists in the namespace of the cache, the only one from which pods can
 * mount it, and several nodes may mount it. Runs on CREATE only, because the field is immutable.
 */
export const existingClaim: Rule = ({ cache: { spec }, namespace, old }, view) => {
  const reference = spec.storage.existingPVC
  if (spec.storage.backend !== 'ExistingPVC' || reference === undefined || old !== undefined) return []
  if (reference.namespace !== undefined && reference.namespace !== namespace) {
    const text = `${FIELD}.namespace is ${reference.namespace}, but pods mount claims of their own namespace only; create the claim and the ModelCache in the same namespace`
    return [error(violation('ClaimNotFound', `${FIELD}.namespace`, text))]
  }
  const basis: ObjectRef[] = [{ kind: 'PersistentVolumeClaim', namespace, name: reference.name }]
  const claim = view.get('PersistentVolumeClaim', namespace, reference.name)
  if (claim === undefined) {
    const text = `${FIELD}: there is no PersistentVolumeClaim ${namespace}/${reference.name}; create it first, or correct the name`
    return [error(violation('ClaimNotFound', `${FIELD}.name`, text), basis)]
  }
  const subject = `${FIELD}: PersistentVolumeClaim ${namespace}/${reference.name}`
  const obstacle = unmountable(claim)
  if (obstacle !== undefined)
    return [error(violation('ClaimNotMountable', `${FIELD}.name`, `${subject} ${obstacle}`), basis)]
  const modes = claim.spec.accessModes ?? []
  if (isStaging(spec) && !modes.includes('ReadWriteMany')) {
    const text = `${subject} is ${modes.join(', ') || 'without access modes'}; staging into it needs ReadWriteMany`
    return [error(violation('ClaimNotShared', `${FIELD}.name`, text), basis)]
  }
  if (modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany'))
    return [
      ...onOneNode(claim, { subject, basis }, view),
      // A Job that stages into the claim is the pod that it waits for.
      ...(isStaging(spec) ? [] : unfilled(claim, basis, view)),
    ]
  const text = `${subject} is ${modes.join(', ') || 'without access modes'}; pods on several nodes need ReadWriteMany or ReadOnlyMany`
  return [error(violation('ClaimNotShared', `${FIELD}.name`, text), basis)]
}

/** Access modes are only a promise. The node affinity of the volume says where the volume really is. */
function onOneNode(
  { spec }: PersistentVolumeClaim,
  { subject, basis }: { subject: string; basis: readonly ObjectRef[] },
  view: ClusterView,
): Finding[] {
  const { volumeName: name } = spec
  const volume = name === undefined ? undefined : view.get('PersistentVolume', undefined, name)
  const node = volume?.spec.onlyNode
  if (volume === undefined || node === undefined) return []
  const text = `${subject} has a volume that only node ${quote(node)} can reach; pods on several nodes need one that all nodes can reach`
  const ofVolume: ObjectRef = { kind: 'PersistentVolume', name: volume.metadata.name }
  return [error(violation('ClaimNotShared', `${FIELD}.name`, text), [...basis, ofVolume])]
}

/**
 * A claim with WaitForFirstConsumer stays empty until a pod mounts it, so waiting for the cache alone would
 * never end.
 */
function unfilled(
  { metadata, spec, status }: PersistentVolumeClaim,
  basis: readonly ObjectRef[],
  view: ClusterView,
): Finding[] {
  const name = spec.storageClassName ?? ''
  const storageClass = name === '' ? undefined : view.get('StorageClass', undefined, name)
  if (status?.phase === 'Bound' || storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') return []
  const text = `claim ${metadata.name} has no volume until a pod mounts it (StorageClass ${name} is WaitForFirstConsumer); run a Job that fills it, and the cache turns Ready`
  return [warning('ClaimUnfilled', `${FIELD}.name`, text, basis)]
}

/** Reasons why a pod that mounts the claim would wait forever. */
export function unmountable({ metadata, spec, status }: PersistentVolumeClaim): string | undefined {
  if (isRawDevice({ spec }))
    return 'is a raw device (volumeMode Block), which no pod can mount as a file system; use a claim of volumeMode Filesystem'
  if (metadata.deletionTimestamp !== undefined)
    return 'is being deleted; wait until it is gone and create it again, or name another claim'
  return status?.phase === 'Lost'
    ? 'has lost its volume; restore the volume, or name another claim'
    : undefined
}
