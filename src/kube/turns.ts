import { untilAborted } from './until-aborted.ts'

/** Lets callers do memory-intensive work one at a time, in the order of their requests. */
export interface Turns {
  /**
   * Resolves when it is the caller's turn, which lasts until the result is disposed of. Rejects with the
   * signal's reason if the signal aborts first.
   */
  take(signal: AbortSignal): Promise<Disposable>
}

/** Creates turns that nobody has taken yet. */
export function createTurns(): Turns {
  /** Resolves when everybody who has asked so far is done. */
  let last: Promise<void> = Promise.resolve()
  return {
    async take(signal) {
      const before = last
      const { promise, resolve } = Promise.withResolvers<void>()
      last = before.then(() => promise)
      try {
        await untilAborted(before, signal)
      } catch (error) {
        resolve()
        throw error
      }
      return { [Symbol.dispose]: resolve }
    },
  }
}
