import { violation } from '../../api/violation.ts'
import type { ObjectRef } from '../cluster-view.ts'
import { error } from '../finding.ts'
import type { Rule } from './change.ts'
import { unmountable } from './existing-claim.ts'

const FIELD = 'spec.artifact.source.pvcClone'

/**
 * The claim that a Job copies exists, and a pod can mount it. One node is enough for that. Runs on CREATE
 * only, because the field is immutable.
 */
export const clonedClaim: Rule = ({ cache: { spec }, namespace, old }, view) => {
  const name = spec.artifact.source?.pvcClone?.name
  if (name === undefined || old !== undefined) return []
  const basis: ObjectRef[] = [{ kind: 'PersistentVolumeClaim', namespace, name }]
  const claim = view.get('PersistentVolumeClaim', namespace, name)
  if (claim === undefined) {
    const text = `${FIELD}: there is no PersistentVolumeClaim ${namespace}/${name}; create it first, or correct the name`
    return [error(violation('ClaimNotFound', `${FIELD}.name`, text), basis)]
  }
  const obstacle = unmountable(claim)
  if (obstacle === undefined) return []
  const text = `${FIELD}: PersistentVolumeClaim ${namespace}/${name} ${obstacle}`
  return [error(violation('ClaimNotMountable', `${FIELD}.name`, text), basis)]
}
