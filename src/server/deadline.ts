/**
 * How long the API server waits if a webhook configuration does not say, and our limit if the request does
 * not say.
 */
const DEFAULT_TIMEOUT_MS = 10_000

/** The longest time that a webhook configuration may ask for. */
const MAX_TIMEOUT_MS = 30_000

/**
 * The API server rounds the remaining time up to whole seconds, and a repeated call still states the original
 * time.
 */
const ROUNDED_UP_MS = 1_000

/** Time for the reply to travel back before the API server gives up. */
const MARGIN_MS = 250

/**
 * Milliseconds that work on a request may take from now on. It comes from the `timeout` query parameter that
 * the API server adds to each call (`?timeout=5s`, a Go duration in whole seconds or milliseconds), when the
 * request has already waited for `waitedMs`. It is at least one, or 0 if nobody waits for the answer any
 * more.
 */
export function timeLimitMs(timeout: unknown, waitedMs = 0): number {
  const match = typeof timeout === 'string' ? /^(\d{1,6})(ms|s)$/.exec(timeout) : null
  const stated = match ? Number(match[1]) * (match[2] === 's' ? 1000 : 1) : DEFAULT_TIMEOUT_MS
  const asked = Math.min(stated, MAX_TIMEOUT_MS)
  if (waitedMs > 0 && waitedMs >= asked) return 0
  // Keep half of a short timeout: subtracting the whole margin would leave nothing.
  const sure = Math.max(asked / 2, asked - ROUNDED_UP_MS - MARGIN_MS)
  return Math.max(1, Math.floor(sure - waitedMs))
}
