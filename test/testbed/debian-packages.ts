import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from './command.ts'

const INSTALL_MS = 10 * 60_000
const LOCK = join(tmpdir(), 'modelcache-apt.lock')

/** Debian packages, each with an executable or file that shows whether it is installed. */
export type DebianPackages = Readonly<Record<string, string>>

/** Why there is no way to have these packages here; undefined if there is one. */
export async function packagesObstacle(packages: DebianPackages): Promise<string | undefined> {
  const missing = await missingOf(packages)
  if (missing.length === 0) return undefined
  const root = process.getuid?.() === 0
  if (root && (await isThere('apt-get'))) return undefined
  return `${missing.join(', ')} must be installed, and there is no ${root ? 'apt-get' : 'root'} to do it`
}

/** Installs those of the packages that are missing. */
export async function installPackages(
  packages: DebianPackages,
  report: (line: string) => void,
): Promise<void> {
  const missing = await missingOf(packages)
  if (missing.length === 0) return
  report(`installing ${missing.join(', ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // Another process may be installing, and apt-get does not wait for all of its own locks.
  const apt = (...args: string[]) =>
    runCommand('flock', [LOCK, 'apt-get', '-qq', ...args], { env, timeoutMs: INSTALL_MS })
  // An old package list may name what is no longer served.
  await apt('update')
  const { code, stderr } = await apt('install', '--yes', '--no-install-recommends', ...missing)
  if (code !== 0) throw new Error(`installing ${missing.join(', ')} failed: ${stderr.trim()}`)
}

async function missingOf(packages: DebianPackages): Promise<string[]> {
  const names = Object.keys(packages)
  const there = await Promise.all(names.map(name => isThere(packages[name] ?? name)))
  return names.filter((_, index) => !there[index])
}

async function isThere(executable: string): Promise<boolean> {
  const { code } = await runCommand('sh', ['-c', 'command -v "$1"', 'sh', executable])
  return code === 0
}
