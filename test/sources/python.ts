import { runCommand } from '../testbed/command.ts'

const SCRIPT_MS = 300_000

/** Runs Python with these packages on its path. Returns what it prints. */
export async function python(
  packages: string,
  script: string,
  args: readonly string[],
  /** The words before a command, so that it runs elsewhere. */
  enter: readonly string[] = [],
): Promise<string> {
  const env = { ...process.env, PYTHONPATH: packages }
  const [command = '', ...rest] = [...enter, 'python3', '-c', script, ...args]
  const { code, stdout, stderr } = await runCommand(command, rest, { env, timeoutMs: SCRIPT_MS })
  if (code !== 0) throw new Error(stderr + stdout)
  return stdout.trim()
}
