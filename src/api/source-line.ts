import type { ModelCacheSpec } from './modelcache.ts'
import { printable } from './schema/text.ts'
import { askSource } from './sources.ts'
import { isStaging } from './staging.ts'

/** The source of a cache in one line, for people: the SOURCE column. */
export function sourceLine(spec: ModelCacheSpec): string {
  return printable(lineOf(spec))
}

function lineOf({ artifact, storage }: ModelCacheSpec): string {
  if (storage.existingPVC && !isStaging({ artifact, storage })) {
    const { name, subPath } = storage.existingPVC
    return subPath === undefined ? `pvc/${name}` : `pvc/${name}/${subPath}`
  }
  return askSource(artifact.source, (type, value) => type.line(value)) ?? ''
}
