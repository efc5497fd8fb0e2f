/** Milliseconds. We renew a token this long before it ends, so that a request can still use it. */
export const RENEWED_MS = 5 * 60_000

/**
 * Holds what counts for a while, such as a token, and asks for it again before it ends: once for all
 * connections, and with the next call if that fails.
 */
export function renewed<T>(
  ask: () => Promise<T>,
  { isFresh, first }: { isFresh: (held: T) => boolean; first?: T | undefined },
): () => Promise<T> {
  let held: Promise<T> | undefined = first === undefined ? undefined : Promise.resolve<T>(first)
  const askAgain = () => {
    const asking = ask()
    held = asking
    asking.catch(() => {
      if (held === asking) held = undefined
    })
    return asking
  }
  return async () => {
    if (held === undefined) return askAgain()
    const current = held
    const found = await current
    if (isFresh(found)) return found
    // Somebody else may have asked meanwhile.
    return held === current || held === undefined ? askAgain() : held
  }
}
