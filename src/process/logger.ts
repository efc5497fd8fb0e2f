import { type DestinationStream, type Logger, pino } from 'pino'
import { errorFields } from './error-fields.ts'
import type { LogLevel } from './log-level.ts'

/** A logger whose level can change at run time. */
export interface LeveledLogger {
  readonly logger: Logger
  /** Sets the level of the logger and of all its children. */
  setLevel(level: LogLevel): void
}

/** The logger of a process. It writes a line of JSON for each entry, to standard output by default. */
export function createLogger(level: LogLevel, destination?: DestinationStream): LeveledLogger {
  const logger: Logger = pino(
    { level, base: null, serializers: { err: errorFields } },
    destination ?? pino.destination({ dest: 1, sync: true }),
  )
  return {
    logger,
    setLevel(next) {
      // A child without a level of its own follows its parent, whenever it is created.
      logger.level = next
    },
  }
}
