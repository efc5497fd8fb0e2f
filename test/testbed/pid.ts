import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Whether a process with this number runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  // A process may have ended without being collected by its parent. In a container the first process may
  // never do that.
  if (procFields(pid)?.[0] === 'Z') return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * When the process started, as text that is only compared; empty if it is unknown. Together with its number,
 * it distinguishes a process from a later one with the same number.
 */
export function startOf(pid: number): string {
  const started = procFields(pid)?.[19]
  if (started !== undefined) return started
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' })
  return stdout?.trim() ?? ''
}

/** What Linux says about a process, starting with its state; nothing on other systems or if it is gone. */
function procFields(pid: number): string[] | undefined {
  try {
    // The field before, the command in parentheses, may contain spaces and parentheses itself.
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
  } catch {
    return undefined
  }
}
