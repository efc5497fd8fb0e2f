import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '../../backoff.ts'
import { HydrationError } from '../failure.ts'

export interface RetryOptions {
  signal: AbortSignal
  /** How often it is tried at the most. */
  attempts?: number
  /** Gives [0, 1). */
  random?: () => number
  /** Waits so many milliseconds. */
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const ATTEMPTS = 6
const BACKOFF = { baseMs: 1_000, capMs: 60_000 }
/** What a server may ask for: longer ones are for the next run. */
const MAX_ASKED_MS = 5 * 60_000

/** A failure that may pass, with what the server says of when. */
export class TransientError extends HydrationError {
  override name = 'TransientError'
  /** Milliseconds, by `Retry-After`. */
  readonly retryAfterMs: number | undefined

  constructor(
    reason: 'RateLimited' | 'SourceUnavailable',
    message: string,
    { retryAfterMs, ...options }: { retryAfterMs?: number | undefined; file?: string; cause?: unknown } = {},
  ) {
    super(reason, message, options)
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * Does the work again while its failure may pass: after what the server asks for, else after a wait that doubles,
 * with jitter.
 */
export async function withRetries<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, attempts = ATTEMPTS, random = Math.random, wait = pause } = options
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof TransientError) || attempt >= attempts) throw error
      const waitMs = error.retryAfterMs ?? backoffMs(attempt, BACKOFF, random)
      if (waitMs > MAX_ASKED_MS) throw error
      await wait(waitMs, signal)
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
  signal.throwIfAborted()
}

/** What `Retry-After` asks for, in milliseconds: seconds or a date (RFC 9110 section 10.2.3). */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
