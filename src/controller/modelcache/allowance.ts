/**
 * Limits how often something is done: `perSecond` times a second on average, and at most that often at once.
 * The function that it returns says whether it may be done now. `now` is in milliseconds.
 */
export function createAllowance(perSecond: number): (now: number) => boolean {
  let left = perSecond
  let at = Number.NEGATIVE_INFINITY
  return now => {
    left = Math.min(perSecond, left + (Math.max(0, now - at) / 1_000) * perSecond)
    at = now
    if (left < 1) return false
    left -= 1
    return true
  }
}
