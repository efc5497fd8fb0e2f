import { setTimeout as sleep } from 'node:timers/promises'

/** Lets requests to a host through, and slows all of them when the host asks for it. */
export interface HostGate {
  /** Resolves when a request may start. The returned function says that its answer was read. */
  enter(host: string, signal: AbortSignal): Promise<() => void>
  /** The host said that there are too many requests, and how many milliseconds to wait. */
  slowDown(host: string, waitMs: number): void
}

interface Host {
  running: number
  /** How many requests may run at a time. It halves at each complaint, and grows by one with each answer. */
  limit: number
  openAt: number
  waiting: (() => void)[]
}

/** More than any pool has. */
const UNLIMITED = 1_024

/** One gate for all connections. */
export function createHostGate(now: () => number = Date.now): HostGate {
  const hosts = new Map<string, Host>()
  const hostOf = (name: string): Host => {
    const known = hosts.get(name) ?? { running: 0, limit: UNLIMITED, openAt: 0, waiting: [] }
    hosts.set(name, known)
    return known
  }
  const wake = (host: Host) => {
    for (let free = host.limit - host.running; free > 0 && host.waiting.length > 0; free--)
      host.waiting.shift()?.()
  }
  return {
    async enter(name, signal) {
      const host = hostOf(name)
      for (;;) {
        const waitMs = host.openAt - now()
        if (waitMs > 0) await sleep(waitMs, undefined, { signal })
        else if (host.running < host.limit) break
        else await turn(host, signal)
      }
      host.running++
      let isLeft = false
      return () => {
        if (isLeft) return
        isLeft = true
        host.running--
        if (host.limit < UNLIMITED) host.limit++
        wake(host)
      }
    },
    slowDown(name, waitMs) {
      const host = hostOf(name)
      // Those that are on their way hear the same answer. It counts once.
      if (host.openAt <= now()) host.limit = Math.max(1, Math.floor(host.running / 2))
      host.openAt = Math.max(host.openAt, now() + waitMs)
    },
  }
}

/** Waits until another request has ended. */
function turn(host: Host, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = () => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }
    const giveUp = () => {
      host.waiting = host.waiting.filter(other => other !== give)
      reject(signal.reason)
    }
    signal.addEventListener('abort', giveUp, { once: true })
    host.waiting.push(give)
  })
}
