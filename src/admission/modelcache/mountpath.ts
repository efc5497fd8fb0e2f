import { isCleanMountPath, reservedPath } from '../../api/mountpath.ts'
import { violation } from '../../api/violation.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.mount.path'
const SUB_PATH = 'spec.storage.existingPVC.subPath'

/** The mount path is absolute and clean, and hides nothing that a container needs; the folder is within its claim. */
export const mountPath: Rule = ({ cache: { spec } }) => {
  const { path } = spec.mount
  const subPath = spec.storage.existingPVC?.subPath
  if (subPath?.startsWith('/') || subPath?.split('/').includes('..')) {
    const text = `${SUB_PATH} is ${JSON.stringify(subPath)}; it must be a folder within the claim, relative and without "..", such as llama`
    return { findings: [{ violation: violation('MountPathInvalid', SUB_PATH, text), basis: [] }] }
  }
  if (!isCleanMountPath(path)) {
    const text = `${FIELD} is ${JSON.stringify(path)}; it must be absolute and clean, without "//", "/./", "/../", ":" or a trailing "/", such as /mnt/model`
    return { findings: [{ violation: violation('MountPathInvalid', FIELD, text), basis: [] }] }
  }
  const reserved = reservedPath(path)
  if (reserved === undefined) return {}
  const text = `${FIELD} ${path} would interfere with ${reserved}, which containers need; use a path of its own, such as /mnt/model`
  return { findings: [{ violation: violation('MountPathReserved', FIELD, text), basis: [] }] }
}
