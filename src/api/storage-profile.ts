import { z } from 'zod'
import { optional } from './null.ts'

/**
 * What rules read of a `cdi.kubevirt.io/v1beta1` StorageProfile, named like its StorageClass: what the Containerized
 * Data Importer knows of the claims that the class can serve.
 */
export const storageProfile = z.object({
  metadata: z.object({ name: z.string(), resourceVersion: optional(z.string()) }),
  status: optional(
    z.object({
      claimPropertySets: optional(
        z.array(
          z.object({
            accessModes: optional(z.array(z.string())),
            /** Filesystem or Block. */
            volumeMode: optional(z.string()),
          }),
        ),
      ),
    }),
  ),
})

export type StorageProfile = z.infer<typeof storageProfile>
