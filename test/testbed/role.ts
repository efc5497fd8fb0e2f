import { fileURLToPath } from 'node:url'
import { answersOk } from './http.ts'
import { type Child, startChild } from './process.ts'
import { waitUntil } from './wait.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const READY_MS = 30_000
/** Longer than a role takes to finish what is open once it is told to stop. */
const GRACE_MS = 8_000

/** A role of the product, as a process of its own that can be taken down and brought back. */
export interface Role {
  /** Starts the process and resolves when it is ready; does nothing while it runs. */
  start(): Promise<void>
  /** Stops the process and resolves when it is gone; does nothing when none runs. */
  stop(): Promise<void>
  /** Ends the process outright, as when its node is lost, and resolves when it is gone. */
  kill(): Promise<void>
  /** Base of `/healthz`, `/readyz` and `/metrics`. */
  readonly healthUrl: string
  readonly logPath: string
}

export interface RoleRequest {
  role: 'webhook' | 'controller'
  /** Options after the name of the role. */
  args: readonly string[]
  healthPort: number
  logPath: string
}

/** Prepares a role, which does not run yet. Every start uses the same ports and appends to the same log. */
export function prepareRole({ role, args, healthPort, logPath }: RoleRequest): Role {
  const healthUrl = `http://127.0.0.1:${healthPort}`
  let child: Child | undefined
  return {
    healthUrl,
    logPath,
    start: async () => {
      if (child?.alive()) return
      const started = startChild({
        name: `modelcache-${role}`,
        command: process.execPath,
        args: [MAIN, role, '--host', '127.0.0.1', '--health-port', `${healthPort}`, ...args],
        logPath,
        graceMs: GRACE_MS,
      })
      child = started
      await waitUntil({
        what: `readiness of modelcache ${role}`,
        timeoutMs: READY_MS,
        children: [started],
        probe: answersOk(`${healthUrl}/readyz`),
      })
    },
    stop: async () => {
      await child?.stop()
    },
    kill: async () => {
      if (!child?.alive()) return
      process.kill(child.pid, 'SIGKILL')
      await child.ended
    },
  }
}
