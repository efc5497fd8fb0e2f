import type { StorageClass } from '../../api/storageclass.ts'
import { violation } from '../../api/violation.ts'
import { attestHint, rwxCapability } from '../../storage/rwx.ts'
import type { ObjectRef } from '../clusterview.ts'
import type { Policy } from '../policy.ts'
import type { Rule, RuleResult } from './change.ts'
import { effectiveClass } from './effectiveclass.ts'

const FIELD = 'spec.storage.pvc.storageClassName'

/**
 * The effective StorageClass of backend PVC exists and supports ReadWriteMany.
 *
 * Runs on CREATE alone: the field is immutable, and a class that vanished later must not block a label edit.
 */
export const storageClass: Rule = ({ cache: { spec }, old }, view, policy) => {
  if (spec.storage.backend !== 'PVC' || old !== undefined) return {}
  const { name, found, basis } = effectiveClass(spec, view)
  if (found) {
    const subject =
      name === undefined ? `${FIELD} is unset and the default is ${found.metadata.name}` : `${FIELD} ${name}`
    return capability(found, subject, basis, policy)
  }
  const missing =
    name === undefined
      ? violation(
          'NoStorageClass',
          FIELD,
          `${FIELD} is unset and the cluster has no default StorageClass; name one that supports ReadWriteMany`,
        )
      : violation(
          'StorageClassNotFound',
          FIELD,
          `${FIELD} ${name}: there is no such StorageClass; name one that supports ReadWriteMany (list them with: kubectl get storageclass)`,
        )
  return { findings: [{ violation: missing, basis }] }
}

function capability(
  found: StorageClass,
  subject: string,
  basis: readonly ObjectRef[],
  policy: Policy,
): RuleResult {
  const { answer, because } = rwxCapability(found)
  if (answer === 'yes') return {}
  const name = found.metadata.name
  if (answer === 'no') {
    const text = `${subject}: it does not support ReadWriteMany, because ${because}; use a class backed by a shared file system`
    return { findings: [{ violation: violation('StorageClassNotRWX', FIELD, text), basis }] }
  }
  const text = `${subject}: it is not known to support ReadWriteMany, because ${because}; ${attestHint(name)}`
  return policy.unknownProvisioner === 'Warn'
    ? { warnings: [{ violation: violation('StorageClassNotRWX', FIELD, text), basis }] }
    : { findings: [{ violation: violation('StorageClassNotRWX', FIELD, text), basis }] }
}
