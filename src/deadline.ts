/** A time limit on work that a caller may also cancel. Dispose of it when the work is done. */
export interface Deadline extends Disposable {
  /** Aborts when the time is up or when the caller's own signal aborts. */
  readonly signal: AbortSignal
  /** Whether the time ran out, and not the caller gave up. */
  expired(): boolean
  /** Starts the full time again. */
  restart(): void
  /** There is no limit any more. */
  stop(): void
}

/**
 * Starts a time limit of `ms` milliseconds beside an optional signal of the caller.
 *
 * `AbortSignal.any` with `AbortSignal.timeout` would not do: they cannot be restarted, and leave a dependent
 * signal behind on one that lives as long as the process.
 */
export function startDeadline(ms: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController()
  let expired = false
  const timer = setTimeout(() => {
    expired = true
    controller.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError'))
  }, ms)
  const forward = () => controller.abort(signal?.reason)
  if (signal?.aborted) forward()
  signal?.addEventListener('abort', forward, { once: true })
  return {
    signal: controller.signal,
    expired: () => expired,
    restart: () => {
      if (!expired) timer.refresh()
    },
    stop: () => clearTimeout(timer),
    [Symbol.dispose]() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', forward)
    },
  }
}
