import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parentDeathPrefix } from './parent-death.ts'

/** A process that the test bed started. */
export interface Child {
  readonly name: string
  readonly pid: number
  readonly logPath: string
  /** Settles once the process is gone, with how it ended: `exit code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>
  alive(): boolean
  /** Ends the process, by force if SIGTERM is not enough, and resolves when it is gone. */
  stop(): Promise<void>
  /** Kills the process and its group, and resolves when it is gone. */
  kill(): Promise<void>
}

export interface ChildRequest {
  name: string
  command: string
  args: readonly string[]
  /** Both output streams are appended to this file. */
  logPath: string
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** How long `stop` waits for SIGTERM to work. */
  graceMs?: number
}

const GRACE_MS = 4_000
const TAIL_LINES = 25

/** The running children. However this process exits, they must not outlive it. */
const living = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of living) killGroup(child)
})

/**
 * Starts a process with its own log file. It leads a process group, so a Ctrl-C for its owner does not reach
 * it, and the owner decides the order of stopping. On Linux it dies with its owner even if that is killed.
 */
export function startChild(request: ChildRequest): Child {
  mkdirSync(dirname(request.logPath), { recursive: true })
  const log = openSync(request.logPath, 'a')
  const [command, ...prefixed] = [...parentDeathPrefix(), request.command, ...request.args]
  const child = spawn(command ?? request.command, prefixed, {
    cwd: request.cwd,
    env: request.env ?? process.env,
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  const ended = endOf(child)
  if (child.pid === undefined) {
    throw new Error(`${request.name} did not start: cannot run ${request.command}`)
  }
  living.add(child)
  const alive = () => child.exitCode === null && child.signalCode === null
  return {
    name: request.name,
    pid: child.pid,
    logPath: request.logPath,
    ended,
    alive,
    stop: async () => {
      if (alive()) await terminate(child, ended, request.graceMs ?? GRACE_MS)
    },
    kill: async () => {
      if (alive()) killGroup(child)
      await ended
    },
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    const settle = (how: string) => {
      living.delete(child)
      resolve(how)
    }
    child.once('error', error => settle(error.message))
    child.once('exit', (code, signal) => settle(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
}

async function terminate(child: ChildProcess, ended: Promise<string>, graceMs: number): Promise<void> {
  child.kill('SIGTERM')
  const force = setTimeout(() => killGroup(child), graceMs)
  await ended
  clearTimeout(force)
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It is already gone.
  }
}

/** The last lines of a log, under a heading with the file's name, for error messages. */
export async function tailOf(logPath: string): Promise<string> {
  const text = await readFile(logPath, 'utf8').catch(() => '')
  const lines = text.trimEnd().split('\n').slice(-TAIL_LINES)
  return `--- end of ${logPath} ---\n${lines.join('\n')}`
}
