/** What the API server waits when a webhook configuration says nothing, and our answer when it sends nothing. */
const DEFAULT_TIMEOUT_MS = 10_000

/** Left for the reply to travel back before the API server gives up. */
const MARGIN_MS = 250

/** Longest time that a webhook configuration may ask for. */
const MAX_TIMEOUT_MS = 30_000

/**
 * Milliseconds that work on a request may take, from the `timeout` query parameter that the API server adds to
 * each call (`?timeout=5s`, a Go duration in whole seconds or milliseconds).
 */
export function timeLimitMs(timeout: unknown): number {
  const match = typeof timeout === 'string' ? /^(\d{1,6})(ms|s)$/.exec(timeout) : null
  const asked = match ? Number(match[1]) * (match[2] === 's' ? 1000 : 1) : DEFAULT_TIMEOUT_MS
  return Math.max(1, Math.min(asked, MAX_TIMEOUT_MS) - MARGIN_MS)
}
