import cluster from 'node:cluster'
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'

/** Aborts at the first SIGTERM or SIGINT. The second one ends the process at once. */
export function terminationSignal(logger: Logger): AbortSignal {
  const termination = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    if (termination.signal.aborted) process.exit(1)
    terminate(termination, logger, name)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return termination.signal
}

/**
 * The same for a worker. Its first process passes signals on, and a terminal sends SIGINT to both, so the
 * worker ignores SIGINT. If the first process disappears while the worker drains, somebody sent a second
 * signal, and the worker exits at once.
 */
export function terminationOfWorker(logger: Logger): { terminated: AbortSignal; terminate: () => void } {
  const termination = new AbortController()
  const stop = (name: string) => {
    if (!termination.signal.aborted) terminate(termination, logger, name)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', () => {})
  process.on('disconnect', () => {
    if (cluster.worker?.exitedAfterDisconnect) return
    if (termination.signal.aborted) process.exit(1)
    stop('disconnect')
  })
  return { terminated: termination.signal, terminate: () => stop('SIGTERM') }
}

function terminate(termination: AbortController, logger: Logger, name: string): void {
  logger.info({ signal: name }, 'stopping')
  termination.abort(new DOMException(`received ${name}`, 'AbortError'))
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
