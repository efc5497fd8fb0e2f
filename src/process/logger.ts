import { type DestinationStream, type Logger, pino } from 'pino'
import { errorFields } from './error-fields.ts'
import type { LogLevel } from './log-level.ts'
import { workerNumber } from './workers.ts'

/** A logger whose level can change at run time. */
export interface LeveledLogger {
  readonly logger: Logger
  /** Sets the level of the logger and of all its children. */
  setLevel(level: LogLevel): void
}

/**
 * The logger of a process. It writes a line of JSON for each entry, to standard output by default. Lines wait
 * for others for a moment. A warning, or worse, is written at once, with all lines before it.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): LeveledLogger {
  const worker = workerNumber()
  const base = worker === undefined ? null : { worker }
  const logger: Logger = pino(
    { level, base, serializers: { err: errorFields } },
    destination ?? standardOutput(worker === undefined ? TOGETHER : TOGETHER_IN_WORKER),
  )
  return {
    logger,
    setLevel(next) {
      // A child without a level of its own follows its parent, whenever it is created.
      logger.level = next
    },
  }
}

/** Bytes: half of what the library writes at a time, and an eighth of what a pipe holds. */
const TOGETHER = 8_192
/** A pipe takes so many in one piece (PIPE_BUF), and the lines of several workers must not mix. */
const TOGETHER_IN_WORKER = 4_096
/** How long lines wait at most. */
const WAIT_MS = 50

/** Of pino. */
const WARN = 40

/** A write to a pipe wakes its reader, which costs more than a decision about a pod. */
function standardOutput(minLength: number): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true, minLength })
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    output.flushSync()
  }
  process.on('exit', flush)
  const lines = {
    // With this, pino tells the level of each line.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      output.write(line)
      if (lines.lastLevel >= WARN) return flush()
      timer ??= setTimeout(flush, WAIT_MS)
    },
  }
  return lines
}
