import { z } from 'zod'

/** The levels of a log, the most verbose first. */
export const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])

export type LogLevel = z.output<typeof logLevel>
