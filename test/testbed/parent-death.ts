import { spawnSync } from 'node:child_process'

const PREFIX = ['setpriv', '--pdeathsig', 'KILL', '--']

let available: boolean | undefined

/**
 * The words before a command that make the kernel kill it when its parent dies, because nothing else survives
 * a SIGKILL of the parent. Empty on a system without setpriv.
 */
export function parentDeathPrefix(): readonly string[] {
  available ??= spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true'], { stdio: 'ignore' }).status === 0
  return available ? PREFIX : []
}
