import type { z } from 'zod'
import { firstIssue } from '../api/schema/parse.ts'
import { type Violation, violation } from '../api/violation.ts'

/** The violation for an object that does not have the shape its kind promises. */
export function malformed(what: string, error: z.ZodError): Violation {
  const { field, message } = firstIssue(error)
  return violation('SpecInvalid', field, `${what}${field && `: ${field}`}: ${message}`)
}
