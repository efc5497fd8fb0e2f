import type { ModelCacheSpec } from './modelcache.ts'
import { printable } from './wording.ts'

/** Where the bytes of a cache come from, in one line for people: the SOURCE column. */
export function sourceLine(spec: ModelCacheSpec): string {
  return printable(lineOf(spec))
}

function lineOf({ artifact, storage }: ModelCacheSpec): string {
  if (storage.backend === 'ExistingPVC' && storage.existingPVC) {
    const { name, subPath } = storage.existingPVC
    return subPath === undefined ? `pvc/${name}` : `pvc/${name}/${subPath}`
  }
  const { huggingFace, s3, http, oci, inline, configMap } = artifact.source ?? {}
  if (huggingFace) return `hf://${huggingFace.repo}@${huggingFace.revision}`
  if (s3) return s3.uri
  if (http) return http.url ?? `url of secret/${http.secretRef?.name ?? ''}`
  if (oci) return `oci://${oci.reference}`
  if (inline) return `inline (${Object.keys(inline.files).length} files)`
  return configMap ? `configmap/${configMap.name}` : ''
}
