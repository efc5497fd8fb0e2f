import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

export interface Ended {
  code: number | null
  /** The last line of the output: a report, or why there is none. */
  last: Record<string, unknown>
  lines: readonly string[]
  stderr: string
}

export interface StartOptions {
  /** A command that runs it, such as one for another user. */
  before?: readonly string[]
  uid?: number
  /** The file to run; default src/main.ts. */
  main?: string
  env?: NodeJS.ProcessEnv
}

/** Starts a role with a text on its standard input. */
export function start(
  args: readonly string[],
  input?: string,
  { before = [], uid, env = {}, main = MAIN }: StartOptions = {},
) {
  const [command = '', ...rest] = [...before, process.execPath, main, ...args]
  const child = spawn(command, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(uid !== undefined && { uid, gid: uid }),
  })
  child.stdin.end(input)
  const ended = new Promise<number | null>(resolve => child.on('close', code => resolve(code)))
  const done = Promise.all([ended, text(child.stdout), text(child.stderr)]).then(
    ([code, stdout, stderr]): Ended => {
      const lines = stdout.split('\n').filter(line => line !== '')
      return { code, lines, stderr, last: record.parse(JSON.parse(lines.at(-1) ?? '{}')) }
    },
  )
  return { child, done }
}

const record = z.record(z.string(), z.unknown())

/** The same, to its end. */
export function run(...args: Parameters<typeof start>): Promise<Ended> {
  return start(...args).done
}
