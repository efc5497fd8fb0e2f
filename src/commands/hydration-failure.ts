import { inspect } from 'node:util'
import type { HydrationFailure } from '../api/hydration-report.ts'
import { errorMessage, foreign, printableLines } from '../api/schema/text.ts'
import { HydrationError } from '../hydrate/failure.ts'

/** A termination message holds 4 KiB. */
const MAX_SOURCE = 1024
const MAX_MESSAGE = 2048

/** The report of a run that failed. What we did not foresee is a bug, so its stack goes to standard error. */
export function failureReport(error: unknown, source?: string): HydrationFailure {
  const known = error instanceof HydrationError ? error : undefined
  if (known === undefined) console.error(printableLines(inspect(error)))
  return {
    reason: known?.reason ?? 'InternalError',
    message: foreign(errorMessage(error), MAX_MESSAGE),
    ...(source !== undefined && { source: source.slice(0, MAX_SOURCE) }),
    ...(known?.file !== undefined && { file: foreign(known.file, MAX_SOURCE) }),
  }
}
