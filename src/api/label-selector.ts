import { z } from 'zod'
import { listOf, mapOf, text } from './schema/bounds.ts'
import { reserved } from './schema/reserved.ts'

/**
 * Kubernetes: the key of a label is a prefix of 253 characters, a slash and 63 more. A selector with more
 * labels than these selects nothing.
 */
export const LABELS = { entries: 64, key: 317 }

/** A `metav1.LabelSelector`. */
export const labelSelector = z.object({
  matchLabels: mapOf(text(63), LABELS).optional().describe('Labels that must all be present.'),
  matchExpressions: listOf(
    z.object({
      key: text(LABELS.key).describe('Label key.'),
      operator: z
        .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
        .describe('How the key relates to the values.'),
      values: listOf(text(63), 256).optional().describe('Values for In and NotIn.'),
    }),
    32,
  )
    .optional()
    .describe('Requirements that must all hold.'),
  cel: reserved('string'),
})
