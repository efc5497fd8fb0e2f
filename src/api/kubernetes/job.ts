import { z } from 'zod'
import { objectMeta } from './metadata.ts'
import { podSpec } from './pod.ts'

/** The part of a batch/v1 Job that rules read. */
export const job = z.object({
  metadata: objectMeta,
  spec: z.object({ template: z.object({ spec: podSpec }) }),
})
