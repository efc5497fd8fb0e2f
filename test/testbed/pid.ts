import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Whether a process of this number runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  // Ended, but not yet collected by its parent: in a container the first process may never do that.
  if (procFields(pid)?.[0] === 'Z') return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * When the process began, as text that only equality is good for; empty when it is not known. Together with
 * its number this tells a process from a later one that was given the same number.
 */
export function startOf(pid: number): string {
  const started = procFields(pid)?.[19]
  if (started !== undefined) return started
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' })
  return stdout?.trim() ?? ''
}

/** What Linux tells about a process, from its state on; nothing on other systems or when it is gone. */
function procFields(pid: number): string[] | undefined {
  try {
    // The field before, the command in parentheses, may hold spaces and parentheses itself.
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
  } catch {
    return undefined
  }
}
