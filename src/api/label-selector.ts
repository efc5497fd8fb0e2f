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

export type LabelSelector = z.infer<typeof labelSelector>

/** Whether a selector selects an object with these labels, by the rules of `metav1.LabelSelector`. */
export function selects(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>> = {},
): boolean {
  const labelled = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined)
  const holds = ({ key, operator, values = [] }: (typeof matchExpressions)[number]) => {
    const value = labelled(key)
    if (operator === 'Exists') return value !== undefined
    if (operator === 'DoesNotExist') return value === undefined
    const isListed = value !== undefined && values.includes(value)
    return operator === 'In' ? isListed : !isListed
  }
  return (
    Object.entries(matchLabels).every(([key, value]) => labelled(key) === value) &&
    matchExpressions.every(holds)
  )
}
