/** What the API server waits when a webhook configuration says nothing, and our answer when it sends nothing. */
const DEFAULT_TIMEOUT_MS = 10_000

/** Longest time that a webhook configuration may ask for. */
const MAX_TIMEOUT_MS = 30_000

/**
 * The API server rounds what is left up to whole seconds, and a call that it repeats still says what was left at
 * first.
 */
const ROUNDED_UP_MS = 1_000

/** Left for the reply to travel back before the API server gives up. */
const MARGIN_MS = 250

/**
 * Milliseconds that work on a request may take from now on, by the `timeout` query parameter that the API server adds
 * to each call (`?timeout=5s`, a Go duration in whole seconds or milliseconds), when the request has waited for
 * `waitedMs` already. It is at least one, or 0 when nobody waits for the answer any more.
 */
export function timeLimitMs(timeout: unknown, waitedMs = 0): number {
  const match = typeof timeout === 'string' ? /^(\d{1,6})(ms|s)$/.exec(timeout) : null
  const stated = match ? Number(match[1]) * (match[2] === 's' ? 1000 : 1) : DEFAULT_TIMEOUT_MS
  const asked = Math.min(stated, MAX_TIMEOUT_MS)
  if (waitedMs > 0 && waitedMs >= asked) return 0
  // Of a short time half is kept for the work: the reserve would leave nothing of it.
  const sure = Math.max(asked / 2, asked - ROUNDED_UP_MS - MARGIN_MS)
  return Math.max(1, Math.floor(sure - waitedMs))
}
