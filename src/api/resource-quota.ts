import { z } from 'zod'

const quantities = z.record(z.string(), z.union([z.string(), z.number()]))

/** What rules read of a core/v1 ResourceQuota. */
export const resourceQuota = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().optional(),
    resourceVersion: z.string().optional(),
  }),
  spec: z.object({ hard: quantities.optional() }).optional(),
  /** As the quota controller last counted; absent until it has. */
  status: z.object({ hard: quantities.optional(), used: quantities.optional() }).optional(),
})

export type ResourceQuota = z.infer<typeof resourceQuota>
