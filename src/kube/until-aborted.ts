/**
 * Waits for `work`, but only until the signal aborts. Then it rejects with the signal's reason. The work
 * itself goes on, and its failure is ignored.
 */
export async function untilAborted<V>(work: Promise<V>, signal: AbortSignal): Promise<V> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  // Race even then: the race listens to the work, so its failure is not an unhandled rejection.
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
