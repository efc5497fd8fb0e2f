import { z } from 'zod'

/** Which keys a core/v1 Secret has. Its values are dropped as soon as it is read, and are never kept or logged. */
export const secretKeys = z
  .object({
    metadata: z.object({
      name: z.string(),
      namespace: z.string().optional(),
      resourceVersion: z.string().optional(),
    }),
    data: z.record(z.string(), z.unknown()).nullish(),
    /** Only in manifests: the API server stores it as data. */
    stringData: z.record(z.string(), z.unknown()).nullish(),
  })
  .transform(({ metadata, data, stringData }) => ({
    metadata,
    keys: Object.keys({ ...data, ...stringData }),
  }))

export type SecretKeys = z.infer<typeof secretKeys>
