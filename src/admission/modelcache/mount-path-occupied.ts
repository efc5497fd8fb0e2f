import { warning } from '../finding.ts'
import type { Rule } from './change.ts'

/**
 * Folders that images usually have, or in which programs write. A mount there is allowed, and hides what the
 * image has: caches and settings of a home folder, programs below /usr/local and /opt, data below /var.
 */
const OCCUPIED =
  /^(\/root|\/home\/[^/]+|~)\/\.[^/]+|^\/home\/[^/]+$|^\/usr\/|^\/opt\/(conda|venv|nvidia|cuda|ray)(\/|$)|^\/var\/(cache|lib|log|spool|tmp)$|^\/(app|workspace|tmp)$/

/** Runs on CREATE only, because the path is immutable. */
export const mountPathOccupied: Rule = ({ cache: { spec }, old }) => {
  const { path } = spec.mount
  const [folder] = OCCUPIED.exec(path) ?? []
  if (old !== undefined || folder === undefined) return []
  const text = `images often have files at ${path}, or programs write there; the mount hides them and is read-only. A path of its own, such as /mnt/model, avoids that`
  return [warning('MountPathOccupied', 'spec.mount.path', text)]
}
