import type { Source } from '../../api/sources.ts'
import { violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import type { Rule } from './change.ts'

const COMPRESSED = /\.(tar\.(gz|zst)|tgz|tzst)$/i

/**
 * Nobody knows how large a compressed archive is before it is unpacked, so the Job that measures a source
 * could only fail. Runs on CREATE only: an older cache may have got its size in another way.
 */
export const sizeRequired: Rule = ({ cache: { spec }, old }) => {
  const { backend, pvc } = spec.storage
  if (old !== undefined || backend !== 'PVC' || pvc?.sizeGiB !== undefined) return []
  const field = compressedArchive(spec.artifact.source)
  if (field === undefined) return []
  const text = `${field} names a compressed archive, and nobody knows how large it is before it is unpacked; set spec.storage.pvc.sizeGiB`
  return [error(violation('SizeRequired', 'spec.storage.pvc.sizeGiB', text))]
}

/** The field that names a compressed archive, by its name; undefined if none does. */
function compressedArchive(source: Source | undefined): string | undefined {
  const { http, s3, gcs, azure } = source ?? {}
  const places = {
    's3.uri': s3?.uri,
    'gcs.uri': gcs?.uri,
    'azure.uri': azure?.uri,
    'http.url': http?.archive === 'None' ? undefined : http?.url?.split(/[?#]/, 1)[0],
  }
  const found = Object.entries(places).find(([, place]) => place !== undefined && COMPRESSED.test(place))
  return found && `spec.artifact.source.${found[0]}`
}
