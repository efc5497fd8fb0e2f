import { isCleanMountPath, isNameable, reservedPath } from '../../api/mount-path.ts'
import { quote } from '../../api/schema/text.ts'
import { type Violation, violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.mount.path'
const SUB_PATH = 'spec.storage.existingPVC.subPath'

/**
 * The mount path is absolute and clean, and hides nothing that a container needs. The folder lies within its
 * claim.
 */
export const mountPath: Rule = ({ cache: { spec } }) => {
  const problems = [subPathProblem(spec.storage.existingPVC?.subPath), pathProblem(spec.mount.path)]
  return problems.flatMap(found => (found ? [error(found)] : []))
}

function subPathProblem(subPath: string | undefined): Violation | undefined {
  if (subPath === undefined) return undefined
  if (!subPath.startsWith('/') && !subPath.split('/').includes('..') && isNameable(subPath)) return undefined
  const text = `${SUB_PATH} is ${quote(subPath)}; it must be a folder within the claim, relative and without "..", control or invisible characters and parts of over 255 bytes, such as llama`
  return violation('MountPathInvalid', SUB_PATH, text)
}

function pathProblem(path: string): Violation | undefined {
  if (!isCleanMountPath(path)) {
    const text = `${FIELD} is ${quote(path)}; it must be absolute and clean, without "//", "/./", "/../", ":", a trailing "/", control or invisible characters and parts of over 255 bytes, such as /mnt/model`
    return violation('MountPathInvalid', FIELD, text)
  }
  const reserved = reservedPath(path)
  if (reserved === undefined) return undefined
  const text = `${FIELD} ${path} would hide ${reserved}, which containers need; use another path, such as /mnt/model`
  return violation('MountPathReserved', FIELD, text)
}
