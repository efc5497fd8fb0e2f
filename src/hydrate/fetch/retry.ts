import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '../../backoff.ts'
import { HydrationError } from '../failure.ts'
import { tellTrouble } from '../trouble.ts'
import { headerOf, type Reply } from './reply.ts'

export interface RetryOptions {
  signal: AbortSignal
  /** The maximum number of attempts. */
  attempts?: number
  /** Returns a number in [0, 1). */
  random?: () => number
  /** Waits this many milliseconds. */
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const ATTEMPTS = 6
const BACKOFF = { baseMs: 1_000, capMs: 60_000 }
/** The longest wait that a server may ask for. After a longer one, the next run tries. */
const MAX_ASKED_MS = 5 * 60_000

/** A failure that may pass, with what the server says about when. */
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
 * Repeats the work while its failure may pass, after the wait that the server asks for, or else after a wait
 * that doubles, with jitter.
 */
export async function withRetries<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, attempts = ATTEMPTS, random = Math.random, wait = pause } = options
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await work()
      if (attempt > 1) tellTrouble(undefined)
      return result
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof TransientError) || attempt >= attempts) throw error
      const waitMs = error.retryAfterMs ?? backoffMs(attempt, BACKOFF, random)
      if (waitMs > MAX_ASKED_MS) throw error
      tellTrouble({ reason: error.reason, message: error.message, isWaiting: false })
      await wait(waitMs, signal)
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
  signal.throwIfAborted()
}

/**
 * The wait that a server asks for, in milliseconds: by `Retry-After`, or by `RateLimit`, which says when the
 * quota is full again (draft-ietf-httpapi-ratelimit-headers; hubs also send its earlier forms).
 */
export function askedWaitMs(headers: Reply['headers'], now: number): number | undefined {
  const after = retryAfterMs(headerOf({ headers }, 'retry-after'), now)
  if (after !== undefined) return after
  const seconds =
    /\b(?:t|reset)=(\d{1,9})\b/.exec(headerOf({ headers }, 'ratelimit') ?? '')?.[1] ??
    /^\d{1,9}$/.exec(headerOf({ headers }, 'ratelimit-reset') ?? '')?.[0]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

/**
 * The wait that `Retry-After` asks for, in milliseconds. The header has seconds or a date (RFC 9110 section
 * 10.2.3).
 */
function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
