import { z } from 'zod'
import { mapValue, optional } from '../schema/absent.ts'
import { text } from '../schema/bounds.ts'
import { storedObjectMeta, valuesOf } from './metadata.ts'

/** Every access mode of a PersistentVolumeClaim. */
export const ACCESS_MODES = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'] as const

export type AccessMode = (typeof ACCESS_MODES)[number]

/**
 * Administrators set this on a StorageClass: the access modes that its volumes support, separated by commas,
 * in the words of PersistentVolumeClaims or their short forms. It overrides everything else that we know
 * about the class.
 */
export const ACCESS_MODES_ANNOTATION = 'modelplane.ai/access-modes'

/** Marks the class of claims that name none. If several are marked, the newest wins, as in the API server. */
export const DEFAULT_CLASS_ANNOTATION = 'storageclass.kubernetes.io/is-default-class'

/** The beta name of the annotation. The API server still honors it. */
export const BETA_DEFAULT_CLASS_ANNOTATION = 'storageclass.beta.kubernetes.io/is-default-class'

/** What rules read of a `storage.k8s.io/v1` StorageClass. */
export const storageClass = z.object({
  metadata: storedObjectMeta.extend({
    annotations: optional(
      valuesOf(ACCESS_MODES_ANNOTATION, DEFAULT_CLASS_ANNOTATION, BETA_DEFAULT_CLASS_ANNOTATION),
    ),
  }),
  provisioner: text(253),
  parameters: optional(z.record(z.string(), mapValue(z.string())).transform(shortParameters)),
  allowVolumeExpansion: optional(z.boolean()),
  volumeBindingMode: optional(z.string()),
})

/** The parameters that say which file system a driver creates are short. */
function shortParameters(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const short = Object.entries(parameters).filter(([key, value]) => key.length + value.length <= 256)
  return Object.fromEntries(short.slice(0, 64))
}

export type StorageClass = z.infer<typeof storageClass>
