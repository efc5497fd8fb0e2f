import { runCommand } from '../command.ts'

/** The Debian packages of a node, each with an executable or file that shows whether it is installed. */
const PACKAGES: Readonly<Record<string, string>> = {
  runc: 'runc',
  iptables: 'iptables',
  iproute2: 'ip',
  conntrack: 'conntrack',
  socat: 'socat',
  ethtool: 'ethtool',
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  gcc: 'cc',
}

const INSTALL_MS = 10 * 60_000

/** Why no node can run on this machine; undefined if one can. Packages that can be installed do not count. */
export async function nodeObstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'a node needs Linux'
  if (process.getuid?.() !== 0) return 'a node needs root'
  const missing = await missingPackages()
  if (missing.length === 0 || (await isThere('apt-get'))) return undefined
  return `a node needs ${missing.join(', ')}, and there is no apt-get to install them`
}

/** Installs the missing Debian packages of a node. */
export async function installPackages(report: (line: string) => void): Promise<void> {
  const missing = await missingPackages()
  if (missing.length === 0) return
  report(`installing ${missing.join(', ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args: string[]) => runCommand('apt-get', ['-qq', ...args], { env, timeoutMs: INSTALL_MS })
  // An old package list may name what is no longer served.
  await apt('update')
  const { code, stderr } = await apt('install', '--yes', '--no-install-recommends', ...missing)
  if (code !== 0) throw new Error(`installing ${missing.join(', ')} failed: ${stderr.trim()}`)
}

async function missingPackages(): Promise<string[]> {
  const names = Object.keys(PACKAGES)
  const there = await Promise.all(names.map(name => isThere(PACKAGES[name] ?? name)))
  return names.filter((_, index) => !there[index])
}

async function isThere(executable: string): Promise<boolean> {
  const { code } = await runCommand('sh', ['-c', 'command -v "$1"', 'sh', executable])
  return code === 0
}
