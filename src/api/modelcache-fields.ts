/** The members of `spec.artifact.source` that this version stages. */
export const IMPLEMENTED_SOURCES = ['huggingFace', 's3', 'http', 'oci', 'inline', 'configMap'] as const

/** All members of `spec.artifact.source`, reserved ones included; exactly one is set. */
export const SOURCES = [...IMPLEMENTED_SOURCES, 'gcs', 'azure', 'pvcClone'] as const

/**
 * Fields of the spec that never change after creation: they say which bytes lie where, and running pods rely on
 * them. What is absent here may change: credentials (`secretRef`), the size of the claim, how the Job runs.
 * Reserved fields (not-implemented.ts) can never be set, so they need no place here.
 */
export const IMMUTABLE_FIELDS = [
  'artifact.kind',
  'artifact.source.huggingFace.repo',
  'artifact.source.huggingFace.revision',
  'artifact.source.huggingFace.include',
  'artifact.source.huggingFace.exclude',
  'artifact.source.huggingFace.endpoint',
  'artifact.source.s3.uri',
  'artifact.source.s3.region',
  'artifact.source.s3.endpoint',
  'artifact.source.http.url',
  'artifact.source.http.sha256',
  'artifact.source.oci.reference',
  'artifact.source.inline.files',
  'artifact.source.configMap.name',
  'mount.path',
  'storage.backend',
  'storage.pvc.storageClassName',
  'storage.existingPVC',
] as const
