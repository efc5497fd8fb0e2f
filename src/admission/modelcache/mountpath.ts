import { isCleanMountPath, reservedPath } from '../../api/mountpath.ts'
import { violation } from '../../api/violation.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.mount.path'

/** The mount path is absolute and clean, and hides nothing that a container needs. */
export const mountPath: Rule = ({ cache: { spec } }) => {
  const { path } = spec.mount
  if (!isCleanMountPath(path)) {
    const text = `${FIELD} is ${JSON.stringify(path)}; it must be absolute and clean, without "//", "/./", "/../", ":" or a trailing "/", such as /mnt/model`
    return { findings: [{ violation: violation('MountPathInvalid', FIELD, text), basis: [] }] }
  }
  const reserved = reservedPath(path)
  if (reserved === undefined) return {}
  const text = `${FIELD} ${path} would interfere with ${reserved}, which containers need; use a path of its own, such as /mnt/model`
  return { findings: [{ violation: violation('MountPathReserved', FIELD, text), basis: [] }] }
}
