import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** The core of the server that is measured. */
const CORE = '0'

/** A server in a process of its own. */
export interface Server extends AsyncDisposable {
  /** https://… */
  readonly origin: string
  /** User and system time so far. */
  cpuSeconds(): number
  /** Ends it in a way of its own. */
  end(signal: NodeJS.Signals): Promise<void>
}

const READY_MS = 60_000
/** Of the times in /proc. */
const TICKS_PER_SECOND = 100

/**
 * Starts a program that prints `ready PORT` once it serves. What it prints afterwards is read and dropped.
 */
export async function startServer(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Server> {
  const child = spawn('taskset', ['-c', CORE, command, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Go uses as many threads as there are cores, and has one.
    env: { ...process.env, ...env, GOMAXPROCS: '1' },
  })
  const ended = once(child, 'exit')
  const port = await new Promise<string>((resolve, reject) => {
    let text = ''
    setTimeout(() => reject(new Error(`${command} ${args.join(' ')} is not ready`)), READY_MS).unref()
    child.stdout.on('data', (chunk: Buffer) => {
      if (text.length > 10_000) return
      text += String(chunk)
      const [, found] = /ready (\d+)/.exec(text) ?? []
      if (found !== undefined) resolve(found)
    })
    ended.then(() => reject(new Error(`${command} ${args.join(' ')} has ended: ${text}`)))
  })
  return {
    origin: `https://127.0.0.1:${port}`,
    cpuSeconds() {
      const [user, system] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ').slice(13, 15)
      return (Number(user) + Number(system)) / TICKS_PER_SECOND
    },
    async end(signal) {
      child.kill(signal)
      await ended
    },
    async [Symbol.asyncDispose]() {
      // Some wait for their connections to end.
      child.kill('SIGKILL')
      await ended
    },
  }
}
