import { isStaging } from '../../api/staging.ts'
import { violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import type { Rule } from './change.ts'

const SUB_PATH = 'spec.storage.existingPVC.subPath'

/** Names that the hydrator gives to its own folders. */
const OUR_FOLDERS = ['snapshots', '.modelcache']

/** A source is staged into a folder of the claim, which stays its owner's. */
function folderProblems(subPath: string | undefined): [string, string][] {
  if (subPath === undefined) {
    const text = `backend ExistingPVC stages a source into a folder of the claim; set ${SUB_PATH}, or remove the source if the claim is already filled`
    return [['existingPVC.subPath', text]]
  }
  const ours = subPath.split('/').find(part => OUR_FOLDERS.includes(part))
  if (ours === undefined) return []
  return [
    [
      'existingPVC.subPath',
      `${SUB_PATH} has ${ours}, which is a folder of staged caches; name another folder`,
    ],
  ]
}

/** `spec.storage` has the member that belongs to the backend, and not the other one. */
export const storageMember: Rule = ({ cache: { spec } }) => {
  const { backend, pvc, existingPVC } = spec.storage
  const problems: [string, string][] = []
  if (backend === 'ExistingPVC' && existingPVC && isStaging(spec))
    problems.push(...folderProblems(existingPVC.subPath))
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
