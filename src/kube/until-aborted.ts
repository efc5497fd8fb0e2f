/**
 * Waits for `work`, but only until the signal aborts; then rejects with the signal's reason. The work itself goes
 * on, and nobody hears of its failure.
 */
export async function untilAborted<V>(work: Promise<V>, signal: AbortSignal): Promise<V> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  // Even then through the race, which listens to the work and so keeps its failure from being unhandled.
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
