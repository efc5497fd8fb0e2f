import { z } from 'zod'
import { optional } from '../schema/absent.ts'
import { text } from '../schema/bounds.ts'
import { storedObjectMeta } from './metadata.ts'

/** What rules read of a core/v1 Namespace. */
export const namespace = z.object({
  metadata: storedObjectMeta,
  status: optional(z.object({ phase: optional(text(64)) })),
})

export type Namespace = z.infer<typeof namespace>
