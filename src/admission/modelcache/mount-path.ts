import type { ModelCache } from '../../api/modelcache.ts'
import { isCleanMountPath, isNameable, isWithin, reservedPath } from '../../api/mount-path.ts'
import { quote } from '../../api/schema/text.ts'
import { type Violation, violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.mount.path'
const SCRATCH = 'spec.mount.scratch'
const SUB_PATH = 'spec.storage.existingPVC.subPath'

/**
 * The mount path is absolute and clean, and hides nothing that a container needs. Scratch folders are below
 * it, and none is inside another. The folder lies within its claim.
 */
export const mountPath: Rule = ({ cache: { spec } }) => {
  const problems = [
    subPathProblem(spec.storage.existingPVC?.subPath),
    pathProblem(spec.mount.path),
    scratchProblem(spec.mount),
  ]
  return problems.flatMap(found => (found ? [error(found)] : []))
}

function subPathProblem(subPath: string | undefined): Violation | undefined {
  if (subPath === undefined) return undefined
  if (!subPath.startsWith('/') && !subPath.split('/').includes('..') && isNameable(subPath)) return undefined
  const text = `${SUB_PATH} is ${quote(subPath)}; it must be a folder within the claim, relative and without "..", control or invisible characters and parts of over 255 bytes, such as llama`
  return violation('MountPathInvalid', SUB_PATH, text)
}

function scratchProblem({ path, scratch = [] }: ModelCache['spec']['mount']): Violation | undefined {
  const unclean = scratch.find(folder => !isCleanMountPath(`/${folder}`))
  const inner = scratch.find((folder, index) =>
    scratch.some((outer, at) => at !== index && isWithin(`/${folder}`, `/${outer}`)),
  )
  const found = unclean ?? inner
  if (found === undefined) {
    const reserved = scratch.find(folder => reservedPath(`${path}/${folder}`) !== undefined)
    if (reserved === undefined) return undefined
    const text = `${SCRATCH} ${quote(reserved)} is a folder of credentials; use another one`
    return violation('MountPathReserved', SCRATCH, text)
  }
  const text = `${SCRATCH} has ${quote(found)}; it must be folders below the path, relative and clean, and none inside another, such as .cache/huggingface`
  return violation('MountPathInvalid', SCRATCH, text)
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
