import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'

/** Aborts at the first SIGTERM or SIGINT. The second one ends the process at once. */
export function terminationSignal(logger: Logger): AbortSignal {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(1)
    logger.info({ signal: name }, 'stopping')
    controller.abort(new DOMException(`received ${name}`, 'AbortError'))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return controller.signal
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/**
 * Logs an uncaught error or unhandled rejection and ends the process with code 1. Its state may be half
 * changed by then, so it must not decide anything with it. kubelet starts it again.
 */
export function exitOnUncaught(logger: Logger): void {
  process.on('uncaughtException', (err, origin) => {
    try {
      logger.fatal({ err, origin, reference: randomUUID() }, 'uncaught, exiting')
    } finally {
      process.exit(1)
    }
  })
}
