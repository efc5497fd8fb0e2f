import { fileURLToPath } from 'node:url'
import { type Daemon, prepareDaemon } from './daemon.ts'
import { answersOk } from './http.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
/** Much longer than it takes, except in a cluster full of large objects. */
const READY_MS = 180_000
/** Longer than a role needs to finish open work when it is told to stop. */
const GRACE_MS = 8_000

/** A role of the product, as a process that can be stopped and restarted. */
export interface Role extends Daemon {
  /** Base of `/healthz`, `/readyz` and `/metrics`. */
  readonly healthUrl: string
}

export interface RoleRequest {
  role: 'webhook' | 'controller' | 'hub'
  /** The file to run; default src/main.ts. */
  main?: string | undefined
  /** Options after the name of the role. */
  args: readonly string[]
  /** On top of this process's environment. */
  env?: NodeJS.ProcessEnv | undefined
  healthPort: number
  logPath: string
}

/** Prepares a role, which does not run yet. */
export function prepareRole({ role, main = MAIN, args, env, healthPort, logPath }: RoleRequest): Role {
  const healthUrl = `http://127.0.0.1:${healthPort}`
  const daemon = prepareDaemon({
    name: `modelcache-${role}`,
    command: process.execPath,
    args: [main, role, '--host', '127.0.0.1', '--health-port', `${healthPort}`, ...args],
    env: { ...process.env, ...env },
    logPath,
    graceMs: GRACE_MS,
    ready: answersOk(`${healthUrl}/readyz`),
    readyMs: READY_MS,
  })
  return { ...daemon, healthUrl }
}
