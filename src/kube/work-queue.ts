import type { Logger } from 'pino'

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 60_000

/**
 * A queue of object keys. A key that is added while it waits is worked on once; one that is added while it is
 * worked on is worked on again afterwards; one that fails comes back after a wait that doubles. One at a time,
 * until the signal aborts.
 */
export function startWorkQueue(options: {
  reconcile: (key: string) => Promise<void>
  logger: Logger
  signal: AbortSignal
}) {
  const { reconcile, logger, signal } = options
  const waiting = new Set<string>()
  const failures = new Map<string, number>()
  let busy = false

  const add = (key: string): void => {
    if (signal.aborted) return
    waiting.add(key)
    if (!busy) void drain()
  }

  const drain = async (): Promise<void> => {
    busy = true
    for (const key of waiting) {
      if (signal.aborted) break
      waiting.delete(key)
      await work(key)
    }
    busy = false
  }

  const work = async (key: string): Promise<void> => {
    try {
      await reconcile(key)
      failures.delete(key)
    } catch (error) {
      const attempt = failures.get(key) ?? 0
      failures.set(key, attempt + 1)
      const waitMs = Math.min(FIRST_RETRY_MS * 2 ** attempt, LAST_RETRY_MS)
      logger.warn({ err: error, key, attempt, waitMs }, 'reconcile failed, will retry')
      setTimeout(() => add(key), waitMs).unref()
    }
  }

  return { add }
}
