import { Writable } from 'node:stream'
import { type Logger, pino } from 'pino'

/** A logger, and what it has logged so far. */
export function aRecordedLogger(): { logger: Logger; logged: Record<string, unknown>[] } {
  const logged: Record<string, unknown>[] = []
  const stream = new Writable({
    write(line, _encoding, done) {
      logged.push(JSON.parse(String(line)))
      done()
    },
  })
  return { logger: pino({ base: null }, stream), logged }
}
