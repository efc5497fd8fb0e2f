import type { Logger } from 'pino'
import { errorMessage } from '../api/schema/text.ts'

/** kubelet brings a changed Secret or ConfigMap into a pod about a minute later, so more often would win nothing. */
const READ_MS = 10_000

/**
 * Loads files now and every ten seconds, until the signal aborts. What is wrong later is said once, as long as it
 * stays the same, and what was loaded before goes on.
 *
 * @throws whatever `load` throws the first time.
 */
export function reread(load: () => void, { logger, signal }: { logger: Logger; signal: AbortSignal }): void {
  let complaint: string | undefined
  load()
  const timer = setInterval(() => {
    try {
      load()
      complaint = undefined
    } catch (error) {
      const problem = errorMessage(error)
      // Between the writes of two files they do not fit.
      if (problem !== complaint)
        logger.error({ problem }, 'cannot use the certificate files, what was loaded last goes on')
      complaint = problem
    }
  }, READ_MS).unref()
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}
