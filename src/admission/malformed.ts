import type { z } from 'zod'
import { type Violation, violation } from '../api/violation.ts'

/** The violation for an object that does not have the shape its kind promises. */
export function malformed(what: string, error: z.ZodError): Violation {
  const issue = error.issues[0]
  const field = issue?.path.join('.') ?? ''
  return violation(
    'SpecInvalid',
    field,
    `${what}${field && `: ${field}`}: ${issue?.message ?? 'does not parse'}`,
  )
}
