import { z } from 'zod'
import { optional } from '../schema/absent.ts'
import { objectMeta, ownerReferences } from './metadata.ts'
import { podSpec } from './pod.ts'

/** The part of a batch/v1 Job that rules read. */
export const job = z.object({
  metadata: objectMeta.extend({ ownerReferences: optional(ownerReferences) }),
  spec: z.object({ template: z.object({ spec: podSpec }) }),
})
