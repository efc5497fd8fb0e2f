import { z } from 'zod'
import { optional } from '../schema/absent.ts'
import { listOf, text } from '../schema/bounds.ts'

/**
 * What rules read of a `cdi.kubevirt.io/v1beta1` StorageProfile, which has the name of its StorageClass: the
 * claims that the class can serve, as the Containerized Data Importer knows it.
 */
export const storageProfile = z.object({
  metadata: z.object({ name: z.string(), resourceVersion: optional(z.string()) }),
  status: optional(
    z.object({
      claimPropertySets: optional(
        listOf(
          z.object({
            accessModes: optional(listOf(text(64), 16)),
            /** Filesystem or Block. */
            volumeMode: optional(text(64)),
          }),
          64,
        ),
      ),
    }),
  ),
})

export type StorageProfile = z.infer<typeof storageProfile>
