import { z } from 'zod'
import { optional } from '../schema/absent.ts'
import { text } from '../schema/bounds.ts'
import { MAX_QUANTITY } from './quantity.ts'

/** The storage resources that a quota can limit. */
const STORAGE = /persistentvolumeclaims$|requests\.storage$/

const quantities = z.record(z.string(), z.union([text(MAX_QUANTITY), z.number()])).transform(all =>
  Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => STORAGE.test(name))
      .slice(0, 256),
  ),
)

/** What rules read of a core/v1 ResourceQuota. */
export const resourceQuota = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: optional(z.string()),
    resourceVersion: optional(z.string()),
  }),
  spec: optional(z.object({ hard: optional(quantities) })),
  /** What the quota controller counted last; absent until it has counted. */
  status: optional(z.object({ hard: optional(quantities), used: optional(quantities) })),
})

export type ResourceQuota = z.infer<typeof resourceQuota>
