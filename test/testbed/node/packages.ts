import { runCommand } from '../command.ts'

/** The Debian packages of a node, each with an executable or file that tells whether it is there. */
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

/** Why no node can run on this machine, or nothing. Packages that can be installed are no obstacle. */
export async function nodeObstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'a node needs Linux'
  if (process.getuid?.() !== 0) return 'a node needs root'
  const missing = await missingPackages()
  if (missing.length === 0 || (await isThere('apt-get'))) return undefined
  return `a node needs ${missing.join(', ')}, and there is no apt-get to install them`
}

/** Installs what is missing of a node's Debian packages. */
export async function installPackages(report: (line: string) => void): Promise<void> {
  const missing = await missingPackages()
  if (missing.length === 0) return
  report(`installing ${missing.join(', ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args: string[]) => runCommand('apt-get', ['-qq', ...args], { env, timeoutMs: INSTALL_MS })
  // An old list of packages may name what is no longer served.
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
