import { z } from 'zod'
import { optional } from './null.ts'

const quantities = z.record(z.string(), z.union([z.string(), z.number()]))

/** What rules read of a core/v1 ResourceQuota. */
export const resourceQuota = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: optional(z.string()),
    resourceVersion: optional(z.string()),
  }),
  spec: optional(z.object({ hard: optional(quantities) })),
  /** As the quota controller last counted; absent until it has. */
  status: optional(z.object({ hard: optional(quantities), used: optional(quantities) })),
})

export type ResourceQuota = z.infer<typeof resourceQuota>
