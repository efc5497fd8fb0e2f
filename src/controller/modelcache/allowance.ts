/**
 * Returns a function that says whether something may be done now: so many times a second on average, and as
 * often at once after a second of rest. `now` is in milliseconds.
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
