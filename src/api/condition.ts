import { z } from 'zod'

/** A `metav1.Condition` of these types. */
export function condition(types: string) {
  return z.object({
    type: z.string().max(316).describe(types),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether the condition holds.'),
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .describe('Generation of the spec that the condition was set for.'),
    lastTransitionTime: z.string().meta({ format: 'date-time' }).describe('When the status last changed.'),
    reason: z.string().min(1).max(1024).describe('Why, as one CamelCase word.'),
    message: z.string().max(32_768).describe('Why, in a sentence.'),
  })
}

export type Condition = z.infer<ReturnType<typeof condition>>
