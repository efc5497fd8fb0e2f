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
 * The logger of a process. It writes a line of JSON for each entry, to standard output by default. There it
 * collects lines for a moment. It writes a warning or an error at once, after all lines before it.
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

/** We collect about this many bytes before we write. A pipe holds four times as much. */
const TOGETHER = 16_384
/** Linux writes this many bytes to a pipe in one piece (PIPE_BUF), so lines of several workers do not mix. */
const TOGETHER_IN_WORKER = 4_096
/** The longest time that a line waits. */
const WAIT_MS = 50

/** The level of a warning in pino. */
const WARN = 40

/**
 * Each write to a pipe wakes its reader, which costs more than deciding about a pod. So we collect lines, up
 * to `together` characters. Nearly every character takes one byte. Pino's own destination can collect lines
 * too, but for each new line it counts all collected bytes again.
 */
function standardOutput(together: number): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true })
  let collected = ''
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const text = collected
    collected = ''
    // This returns once the text is written. A flush would also wait for the disk.
    if (text !== '') output.write(text)
  }
  process.on('exit', flush)
  const lines = {
    // With this, pino tells the level of each line.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      if (collected.length + line.length > together) flush()
      collected += line
      if (lines.lastLevel >= WARN) return flush()
      timer ??= setTimeout(flush, WAIT_MS)
    },
  }
  return lines
}
