/** Work that goes on beside the reader of an archive. */
export interface Background {
  /**
   * Resolves once there is room for the work, which then goes on alone. Work with the same key waits for the
   * earlier one.
   *
   * @throws whatever earlier work threw.
   */
  start(key: string, work: () => Promise<void>): Promise<void>
  /** Resolves once all of it is done. */
  settle(): Promise<void>
}

/** Does so many things at a time. */
export function createBackground(limit: number): Background {
  const running = new Map<string, Promise<void>>()
  let failure: { error: unknown } | undefined
  const check = () => {
    if (failure !== undefined) throw failure.error
  }
  return {
    async start(key, work) {
      await running.get(key)
      while (running.size >= limit) await Promise.race(running.values())
      check()
      const done = work()
        .catch((error: unknown) => {
          failure ??= { error }
        })
        .finally(() => running.delete(key))
      running.set(key, done)
    },
    async settle() {
      await Promise.all(running.values())
      check()
    },
  }
}
