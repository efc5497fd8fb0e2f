import { z } from 'zod'
import { storedObjectMeta } from './metadata.ts'

/** What rules read of a core/v1 Namespace. */
export const namespace = z.object({
  metadata: storedObjectMeta,
  status: z.object({ phase: z.string().optional() }).optional(),
})

export type Namespace = z.infer<typeof namespace>
