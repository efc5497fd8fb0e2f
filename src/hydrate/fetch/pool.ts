/** Work that a connection does. Each task gets the signal that ends all of them. */
export type Task = (signal: AbortSignal) => Promise<void>

/**
 * Runs tasks in their order, so many at a time. When they run out, `more` may find something else to do. The
 * first one that fails ends the others: they get the time to note how far they are, and then its error is
 * thrown.
 */
export async function runPool(
  tasks: Iterable<Task>,
  size: number,
  signal: AbortSignal,
  more: () => Task | undefined = () => undefined,
): Promise<void> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const queue = tasks[Symbol.iterator]()
  let failure: { error: unknown } | undefined
  const work = async () => {
    for (;;) {
      if (either.aborted) return
      const next = queue.next()
      const task = next.done ? more() : next.value
      if (task === undefined) return
      try {
        await task(either)
      } catch (error) {
        failure ??= { error }
        stop.abort(error)
      }
    }
  }
  await Promise.all(Array.from({ length: size }, work))
  if (failure !== undefined) throw failure.error
  signal.throwIfAborted()
}
