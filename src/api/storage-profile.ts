import { z } from 'zod'

/**
 * What rules read of a `cdi.kubevirt.io/v1beta1` StorageProfile, named like its StorageClass: what the Containerized
 * Data Importer knows of the claims that the class can serve.
 */
export const storageProfile = z.object({
  metadata: z.object({ name: z.string(), resourceVersion: z.string().optional() }),
  status: z
    .object({
      claimPropertySets: z
        .array(
          z.object({
            accessModes: z.array(z.string()).nullish(),
            /** Filesystem or Block. */
            volumeMode: z.string().nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
})

export type StorageProfile = z.infer<typeof storageProfile>
