import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Daemon } from './daemon.ts'

const LOOK_MS = 500

/** Where the ID of the process is, given the folder of logs. Tests kill its process group. */
export function pidFile(logs: string, name: string): string {
  return join(logs, `${name}.pid`)
}

/**
 * Starts a process again whenever somebody has killed it, as systemd does on a node, until it is disposed of.
 */
export function revive(name: string, { child, start }: Daemon): Disposable {
  let known: number | undefined
  let isStarting = false
  const look = async () => {
    const running = child()
    if (running !== undefined) {
      if (running.pid !== known) writeFileSync(pidFile(dirname(running.logPath), name), `${running.pid}`)
      known = running.pid
      return
    }
    if (isStarting) return
    isStarting = true
    try {
      await start()
    } catch (error) {
      // Whoever kills it while it starts has to wait for the next look. The rest of the message is its log.
      console.warn(`${name} starts once more: ${String(error).split('\n')[0]}`)
    }
    isStarting = false
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_MS)
  return {
    [Symbol.dispose]() {
      clearInterval(timer)
      isStarting = true
    },
  }
}
