import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** The servers run on this core. */
const CORE = '0'

/** A server in a process of its own. */
export interface Server extends AsyncDisposable {
  /** https://… */
  readonly origin: string
  /** The user and system time that it has used so far. */
  cpuSeconds(): number
  /** Sends a signal, and waits for the process to exit. */
  end(signal: NodeJS.Signals): Promise<void>
}

const READY_MS = 60_000
/** The unit of times in /proc. */
const TICKS_PER_SECOND = 100

/**
 * Starts a program that prints `ready PORT` once it serves. We read and drop everything else that it prints.
 */
export async function startServer(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Server> {
  const child = spawn('taskset', ['-c', CORE, command, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Go would start a thread for each core of the machine.
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
      // Some servers would wait for their connections to end.
      child.kill('SIGKILL')
      await ended
    },
  }
}
