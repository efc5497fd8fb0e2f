import { spawnSync } from 'node:child_process'

const SETPRIV = ['setpriv', '--pdeathsig', 'KILL', '--']

/**
 * If the parent died before the kernel was asked, the command has another parent by now, and must not start.
 */
const IF_PARENT_LIVES = `[ "$PPID" = "$0" ] && exec "$@"`

let available: boolean | undefined

/**
 * The words before a command that make the kernel kill it when its parent dies, because nothing else survives
 * a SIGKILL of the parent. Empty on a system without setpriv.
 */
export function parentDeathPrefix(): readonly string[] {
  const [command = '', ...args] = [...SETPRIV, 'true']
  available ??= spawnSync(command, args, { stdio: 'ignore' }).status === 0
  return available ? [...SETPRIV, 'sh', '-c', IF_PARENT_LIVES, String(process.pid)] : []
}
