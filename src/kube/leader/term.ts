/** One term as leader. */
export interface Term {
  /** Aborts when the term ends, once and for all. A new term has a new signal. */
  readonly signal: AbortSignal
  /** Moves the end to that time, by `performance.now()`. Does nothing once the term has ended. */
  extend(until: number): void
  end(reason: string): void
}

/** Starts a term that ends at that time, by `performance.now()`, unless it is extended. */
export function startTerm(until: number): Term {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const end = (reason: string): void => {
    clearTimeout(timer)
    controller.abort(new DOMException(reason, 'AbortError'))
  }
  const extend = (later: number): void => {
    clearTimeout(timer)
    if (controller.signal.aborted) return
    timer = setTimeout(() => end('the Lease was not renewed in time'), later - performance.now())
  }
  extend(until)
  return { signal: controller.signal, extend, end }
}
