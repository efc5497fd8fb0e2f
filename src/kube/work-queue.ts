import type { Logger } from 'pino'
import { type Backoff, backoffMs } from '../backoff.ts'

const RETRY: Backoff = { baseMs: 200, capMs: 60_000 }

/**
 * The result of a look: undefined if there is nothing more to do, otherwise the milliseconds until the next
 * look.
 */
export interface ReconcileResult {
  readonly againMs?: number | undefined
}

export interface WorkQueueOptions {
  readonly reconcile: (key: string) => Promise<ReconcileResult | undefined> | Promise<void>
  /** How many keys are worked on side by side; default 1. */
  readonly concurrency?: number
  /** Called after each look with its result and the seconds that it took. */
  readonly onWorked?: (result: WorkResult, seconds: number) => void
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Gives [0, 1). */
  readonly random?: () => number
}

export type WorkResult = 'done' | 'again' | 'failed'

/**
 * A queue of object keys, until the signal aborts. Two looks at the same key never overlap. A key that is
 * added while it waits gets one look. A key that is added during its look gets another one afterwards. A key
 * that fails comes back after a wait that doubles, with jitter. A failure of one key does not affect others.
 */
export function startWorkQueue(options: WorkQueueOptions) {
  const { reconcile, concurrency = 1, onWorked, logger, signal, random = Math.random } = options
  const waiting = new Set<string>()
  const busy = new Set<string>()
  const failures = new Map<string, number>()
  const timers = new Map<string, NodeJS.Timeout>()

  /** A look has begun in this turn of the event loop. */
  let hasBegun = false

  const add = (key: string): void => {
    if (signal.aborted) return
    waiting.add(key)
    start()
  }

  /**
   * Begins one look in each turn of the event loop. So a look that waits for nobody ends before another one
   * begins, and watches and probes have their turns in between.
   */
  const start = (): void => {
    if (hasBegun || signal.aborted || busy.size >= concurrency) return
    const key = firstFree()
    if (key === undefined) return
    hasBegun = true
    setImmediate(nextTurn)
    waiting.delete(key)
    void work(key)
  }

  const nextTurn = (): void => {
    hasBegun = false
    start()
  }

  const firstFree = (): string | undefined => {
    for (const key of waiting) if (!busy.has(key)) return key
    return undefined
  }

  const work = async (key: string): Promise<void> => {
    busy.add(key)
    // This look replaces the one that was planned for later.
    clearTimeout(timers.get(key))
    timers.delete(key)
    const startedAt = performance.now()
    const result = await attempt(key)
    onWorked?.(result, (performance.now() - startedAt) / 1000)
    busy.delete(key)
    start()
  }

  const attempt = async (key: string): Promise<WorkResult> => {
    try {
      const { againMs } = (await reconcile(key)) ?? {}
      failures.delete(key)
      if (againMs === undefined) return 'done'
      addAfter(key, againMs)
      return 'again'
    } catch (error) {
      const attempts = (failures.get(key) ?? 0) + 1
      failures.set(key, attempts)
      const waitMs = Math.round(backoffMs(attempts, RETRY, random))
      logger.warn({ err: error, key, attempt: attempts, waitMs }, 'reconcile failed, will retry')
      addAfter(key, waitMs)
      return 'failed'
    }
  }

  const addAfter = (key: string, ms: number): void => {
    timers.set(key, setTimeout(() => add(key), ms).unref())
  }

  signal.addEventListener(
    'abort',
    () => {
      for (const timer of timers.values()) clearTimeout(timer)
    },
    { once: true },
  )
  return { add, waiting: () => waiting.size }
}
