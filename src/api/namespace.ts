import { z } from 'zod'
import { storedObjectMeta } from './metadata.ts'
import { optional } from './null.ts'

/** What rules read of a core/v1 Namespace. */
export const namespace = z.object({
  metadata: storedObjectMeta,
  status: optional(z.object({ phase: optional(z.string()) })),
})

export type Namespace = z.infer<typeof namespace>
