/** How a wait grows. Both in milliseconds. */
export interface Backoff {
  readonly baseMs: number
  readonly capMs: number
}

/** The wait after `failures` (1 or more) in a row, in milliseconds: doubles from `baseMs` up to `capMs`. */
export function doublingMs(failures: number, { baseMs, capMs }: Backoff): number {
  return Math.min(capMs, baseMs * 2 ** (failures - 1))
}

/**
 * The same wait, shortened at random by up to half, so that many callers do not call at the same moment.
 * `random` returns a number in [0, 1).
 */
export function backoffMs(failures: number, backoff: Backoff, random: () => number): number {
  return doublingMs(failures, backoff) * (0.5 + random() / 2)
}
