/** How fast other connections were of late. */
export interface Peers {
  /** So many bytes came in so much time. */
  note(bytes: number, ms: number): void
  /** Whether that is less than a quarter of what is usual. */
  isBehind(bytes: number, ms: number): boolean
}

/** Of fewer bytes, most of the time is that of the answer. */
const ENOUGH_BYTES = 1024 * 1024
const LATEST = 32
/** Fewer say nothing. */
const LEAST = 4
const QUARTER = 0.25

/** Remembers the latest rates. If a link becomes slow for all, they are forgotten soon. */
export function createPeers(): Peers {
  const rates: number[] = []
  return {
    note(bytes, ms) {
      if (bytes < ENOUGH_BYTES || ms <= 0) return
      rates.push(bytes / ms)
      if (rates.length > LATEST) rates.shift()
    },
    isBehind(bytes, ms) {
      if (rates.length < LEAST) return false
      const median = rates.toSorted((one, other) => one - other)[Math.floor(rates.length / 2)] ?? 0
      return bytes / ms < median * QUARTER
    },
  }
}
