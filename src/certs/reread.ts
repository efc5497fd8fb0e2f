import type { Logger } from 'pino'
import { errorMessage } from '../api/schema/text.ts'

/**
 * kubelet takes about a minute to bring a changed Secret or ConfigMap into a pod, so reading more often gains
 * nothing.
 */
const READ_MS = 10_000

/**
 * Loads files now and every ten seconds until the signal aborts. A later failure is logged once as long as it
 * stays the same, and what was loaded before stays in use.
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
      // Between the writes of two files, the pair does not match.
      if (problem !== complaint)
        logger.error({ problem }, 'cannot use the certificate files; the last good ones stay in use')
      complaint = problem
    }
  }, READ_MS).unref()
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}
