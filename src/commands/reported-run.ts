import { writeFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { EXIT, exitCodeOf, type HydrationFailure } from '../api/hydration-report.ts'
import { errorMessage, foreign, printableLines } from '../api/schema/text.ts'
import { HydrationError } from '../hydrate/failure.ts'
import type { Counts } from '../hydrate/progress.ts'
import { showProgress } from './progress.ts'

/** A termination message holds 4 KiB. */
const MAX_SOURCE = 1024
const MAX_MESSAGE = 2048

export interface ReportedRun {
  counts: Counts
  /** A file that also gets the report. */
  file: string | undefined
  /** The source in one line, for the report of a failure. */
  source?: string
  /** What a signal breaks off, as the end of a sentence. */
  interrupted: string
}

/**
 * Runs work that shows its progress, and prints its report as the last line: the result, or why there is
 * none. SIGTERM and SIGINT abort the work. Resolves to the exit code.
 */
export async function reportedRun(
  { counts, file, source, interrupted }: ReportedRun,
  work: (signal: AbortSignal) => Promise<object>,
): Promise<number> {
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () =>
      stop.abort(new HydrationError('Interrupted', `${name} came before ${interrupted}`)),
    )
  const stopShowing = showProgress(counts)
  const finish = async (report: object, code: number): Promise<number> => {
    stopShowing()
    const text = `${JSON.stringify(report)}\n`
    process.stdout.write(text)
    if (file !== undefined) await writeFile(file, text)
    return code
  }
  try {
    return await finish(await work(stop.signal), EXIT.done)
  } catch (error) {
    const report = failureReport(stop.signal.aborted ? stop.signal.reason : error, source)
    return await finish(report, exitCodeOf(report.reason))
  }
}

/** What we did not foresee is a bug, so its stack goes to standard error. */
function failureReport(error: unknown, source?: string): HydrationFailure {
  const known = error instanceof HydrationError ? error : undefined
  if (known === undefined) console.error(printableLines(inspect(error)))
  return {
    reason: known?.reason ?? 'InternalError',
    message: foreign(errorMessage(error), MAX_MESSAGE),
    ...(source !== undefined && { source: source.slice(0, MAX_SOURCE) }),
    ...(known?.file !== undefined && { file: foreign(known.file, MAX_SOURCE) }),
  }
}
