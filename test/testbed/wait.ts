import { setTimeout as pause } from 'node:timers/promises'
import { type Child, tailOf } from './process.ts'

export interface Waiting {
  /** What we wait for, as the subject of "did not come to be": `readiness of kube-apiserver`. */
  what: string
  timeoutMs: number
  intervalMs?: number
  /** Processes without which waiting is pointless. The error shows their logs. */
  children?: readonly Child[]
  /** Returns why it is not true yet, or nothing if it is. Throwing means "not yet". */
  probe: () => Promise<string | undefined>
}

const INTERVAL_MS = 50

/**
 * Resolves when the probe succeeds. Fails with the last reason when the time is up, and at once if one of the
 * processes ends. Either error has the end of the log that matters.
 */
export async function waitUntil(waiting: Waiting): Promise<void> {
  const deadline = Date.now() + waiting.timeoutMs
  for (;;) {
    const reason = await reasonAgainst(waiting.probe)
    if (reason === undefined) return
    await failIfEnded(waiting)
    if (Date.now() > deadline) throw await timeoutError(waiting, reason)
    await pause(waiting.intervalMs ?? INTERVAL_MS)
  }
}

async function reasonAgainst(probe: Waiting['probe']): Promise<string | undefined> {
  try {
    return await probe()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function failIfEnded({ what, children = [] }: Waiting): Promise<void> {
  const dead = children.find(child => !child.alive())
  if (dead === undefined) return
  const how = await dead.ended
  throw new Error(`${dead.name} ended (${how}) while waiting for ${what}\n${await tailOf(dead.logPath)}`)
}

async function timeoutError({ what, timeoutMs, children = [] }: Waiting, reason: string): Promise<Error> {
  const tails = await Promise.all(children.map(child => tailOf(child.logPath)))
  return new Error(
    [`${what} did not come to be within ${timeoutMs / 1000} s: ${reason}`, ...tails].join('\n'),
  )
}
