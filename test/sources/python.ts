import { runCommand } from '../testbed/command.ts'

/** Runs Python with these packages on its path. Returns what it prints. */
export async function python(packages: string, script: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, PYTHONPATH: packages }
  const { code, stdout, stderr } = await runCommand('python3', ['-c', script, ...args], { env })
  if (code !== 0) throw new Error(stderr + stdout)
  return stdout.trim()
}
