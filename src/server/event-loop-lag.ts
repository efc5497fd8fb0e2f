/** How often we check that the event loop still runs. */
const INTERVAL_MS = 20

/** How late the event loop is. */
export interface EventLoopLag {
  /**
   * The longest time that something handled now can have waited for its turn, in milliseconds: how much the
   * present turn of the loop, or the one before it, is late.
   */
  ms(): number
  stop(): void
}

/** Watches the event loop of this process until it is stopped. `now` is a clock in milliseconds. */
export function watchEventLoop(now: () => number = () => performance.now()): EventLoopLag {
  let turnedAt = now()
  let previousMs = 0
  const late = () => Math.max(0, now() - turnedAt - INTERVAL_MS)
  const timer = setInterval(() => {
    previousMs = late()
    turnedAt = now()
  }, INTERVAL_MS).unref()
  return {
    // A timer alone would notice a long turn only after it, but requests that are read in one turn are
    // decided during it.
    ms: () => Math.max(late(), previousMs),
    stop: () => clearInterval(timer),
  }
}
