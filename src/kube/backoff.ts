/** How the wait between attempts grows. Both in milliseconds. */
export interface Backoff {
  readonly baseMs: number
  readonly capMs: number
}

/**
 * The wait before the next attempt after `failures` (1 or more) in a row, in milliseconds: doubles from `baseMs`
 * up to `capMs`, then half of it is left to chance so that replicas do not call in step. `random` gives [0, 1).
 */
export function backoffMs(failures: number, backoff: Backoff, random: () => number): number {
  const whole = Math.min(backoff.capMs, backoff.baseMs * 2 ** (failures - 1))
  return whole * (0.5 + random() / 2)
}
