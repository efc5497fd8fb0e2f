import { violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import type { Rule } from './change.ts'

/** `spec.storage` has the member that belongs to the backend, and not the other one. */
export const storageMember: Rule = ({ cache: { spec } }) => {
  const { backend, pvc, existingPVC } = spec.storage
  const problems: [string, string][] = []
  if (backend === 'ExistingPVC' && existingPVC === undefined) {
    problems.push(['existingPVC', 'backend ExistingPVC needs spec.storage.existingPVC; set its name'])
  }
  if (backend !== 'ExistingPVC' && existingPVC !== undefined) {
    problems.push([
      'existingPVC',
      `spec.storage.existingPVC does not belong to backend ${backend}; remove it`,
    ])
  }
  if (backend !== 'PVC' && pvc !== undefined) {
    problems.push(['pvc', `spec.storage.pvc does not belong to backend ${backend}; remove it`])
  }
  return problems.map(([member, text]) =>
    error(violation('StorageMemberMismatch', `spec.storage.${member}`, text)),
  )
}
