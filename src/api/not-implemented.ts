/**
 * Names that the API reserves for later. The schema knows them, so that they are denied by name and with a
 * reason. Otherwise a client without strict validation would silently drop them.
 */
export const ARTIFACT_KINDS = ['Weights', 'Tokenizer', 'Bytes', 'Adapter', 'Engine'] as const
export const BACKENDS = ['PVC', 'ExistingPVC', 'Custom', 'ContentAddressed'] as const
export const REPLICATIONS = ['AllMatchingClusters', 'AllMatchingNodes'] as const

/** Enum values, by field, that this version does not implement, with what to use instead. */
export const RESERVED_VALUES = [
  { field: 'artifact.kind', values: ['Adapter', 'Engine'], instead: 'Weights, Tokenizer or Bytes' },
  { field: 'storage.backend', values: ['Custom', 'ContentAddressed'], instead: 'PVC or ExistingPVC' },
  { field: 'replication', values: ['AllMatchingNodes'], instead: 'AllMatchingClusters' },
] as const

/** Fields that this version does not implement, with what to do instead. */
export const RESERVED_FIELDS: readonly { field: string; instead: string }[] = [
  { field: 'artifact.adapterType', instead: 'remove it; an adapter is staged as plain files, kind Bytes' },
  {
    field: 'artifact.baseRef',
    instead: 'remove it; name the cache of the base model in the annotation of pods, too',
  },
  { field: 'artifact.engine', instead: 'remove it; the pods that mount the cache say what serves it' },
  { field: 'artifact.resolvedVia', instead: 'remove it; status.resolvedRevision says what was resolved' },
  { field: 'artifact.source.pvc-clone', instead: 'use artifact.source.pvcClone' },
  { field: 'clusterSelector.cel', instead: 'use matchLabels or matchExpressions' },
  { field: 'storage.contentAddressed', instead: 'remove it, and use backend PVC' },
]
