import { violation } from '../../api/violation.ts'
import { type EffectiveClass, effectiveClass } from '../../storage/effective-class.ts'
import { error } from '../finding.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.storage.pvc.sizeGiB'

/**
 * The size of the claim only grows, as Kubernetes demands of every claim, and only on a class with
 * `allowVolumeExpansion: true`. Removing the size counts as shrinking, because the measured size that
 * replaces it may be smaller. Setting it for the first time is free. Only growth needs the cluster.
 */
export const claimSize: Rule = ({ cache: { spec }, old }, view, policy) => {
  const before = old?.spec.storage.pvc?.sizeGiB
  const now = spec.storage.pvc?.sizeGiB
  // FieldImmutable already covers a change of the backend.
  if (before === undefined || now === before || spec.storage.backend !== 'PVC') return []
  if (now === undefined || now < before) {
    const change = now === undefined ? 'be removed' : `shrink to ${now}`
    const text = `${FIELD} is ${before} and cannot ${change}, because a claim only grows; keep ${before} or more, or create a ModelCache of another name`
    return [error(violation('SizeCannotShrink', FIELD, text))]
  }
  const effective = effectiveClass(spec, view, policy)
  const { found, basis } = effective
  if (found?.allowVolumeExpansion === true) return []
  const is = found ? 'does not have allowVolumeExpansion: true' : 'does not exist'
  const text = `${FIELD} cannot grow from ${before} to ${now}, because ${subject(effective)} ${is}; keep ${before}, or ask an administrator to allow it on the class, if its driver can expand volumes`
  return [error(violation('ExpansionNotAllowed', FIELD, text), basis)]
}

function subject({ name, inferenceCluster, found }: EffectiveClass): string {
  if (name === undefined) return `the default StorageClass${found ? ` ${found.metadata.name}` : ''}`
  return `StorageClass ${name}${inferenceCluster === undefined ? '' : ` of InferenceCluster ${inferenceCluster}`}`
}
