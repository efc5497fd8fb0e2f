import { z } from 'zod'
import { storedObjectMeta } from './metadata.ts'

/** What rules read of a `storage.k8s.io/v1` StorageClass. */
export const storageClass = z.looseObject({
  metadata: storedObjectMeta,
  provisioner: z.string(),
  parameters: z.record(z.string(), z.string()).optional(),
  allowVolumeExpansion: z.boolean().optional(),
})

export type StorageClass = z.infer<typeof storageClass>

/** Marks the class that claims without a class get. The newest of several wins, as in the API server. */
export const DEFAULT_CLASS_ANNOTATION = 'storageclass.kubernetes.io/is-default-class'
