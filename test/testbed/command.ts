import { execFile } from 'node:child_process'

export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

export interface CommandOptions {
  stdin?: string
  env?: NodeJS.ProcessEnv
  cwd?: string
  timeoutMs?: number
}

const TIMEOUT_MS = 240_000
const MAX_OUTPUT = 256 * 1024 * 1024

/**
 * Runs a command to its end. Never rejects: if it could not run or took too long, the code is -1 and the
 * output says so.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  { stdin, env, cwd, timeoutMs = TIMEOUT_MS }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise(resolve => {
    const options = { env: env ?? process.env, cwd, timeout: timeoutMs, maxBuffer: MAX_OUTPUT }
    const child = execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error === null) return resolve({ code: 0, stdout, stderr })
      if (typeof error.code === 'number') return resolve({ code: error.code, stdout, stderr })
      const why = error.killed ? `stopped after ${timeoutMs / 1000} s` : error.message
      resolve({ code: -1, stdout, stderr: `${stderr}${command}: ${why}\n` })
    })
    // If a command ends without reading its input, this process must not fail with EPIPE.
    child.stdin?.on('error', () => {})
    child.stdin?.end(stdin)
  })
}

/** The output of a command that must succeed. Otherwise the error says what was being done. */
export function outputOf(result: CommandResult, doing: string): string {
  if (result.code !== 0)
    throw new Error(`${doing} failed (exit code ${result.code}): ${result.stderr.trim()}`)
  return result.stdout
}
