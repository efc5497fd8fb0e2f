import { spawnSync } from 'node:child_process'

const PREFIX = ['setpriv', '--pdeathsig', 'KILL', '--']

let available: boolean | undefined

/**
 * The words to put before a command so that the kernel kills it when its parent dies: nothing else survives
 * a SIGKILL of the parent, which can run no handler. Empty on a system without setpriv.
 */
export function parentDeathPrefix(): readonly string[] {
  available ??= spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true'], { stdio: 'ignore' }).status === 0
  return available ? PREFIX : []
}
