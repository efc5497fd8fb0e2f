import { type DestinationStream, type Logger, pino } from 'pino'
import { errorFields } from './error-fields.ts'
import type { LogLevel } from './log-level.ts'

/** A logger whose level can be changed while it runs. */
export interface LeveledLogger {
  readonly logger: Logger
  /** Sets the level of the logger and of all its children. */
  setLevel(level: LogLevel): void
}

/** The logger of a process: a line of JSON for each entry, on the standard output unless told otherwise. */
export function createLogger(level: LogLevel, destination?: DestinationStream): LeveledLogger {
  const logger: Logger = pino(
    { level, base: null, serializers: { err: errorFields } },
    destination ?? pino.destination({ dest: 1, sync: true }),
  )
  return {
    logger,
    setLevel(next) {
      // A child that was given no level of its own has that of its parent, whenever it is made.
      logger.level = next
    },
  }
}
