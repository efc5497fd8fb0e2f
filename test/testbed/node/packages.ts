import { type DebianPackages, packagesObstacle } from '../debian-packages.ts'

/** The Debian packages of a node. */
export const NODE_PACKAGES: DebianPackages = {
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

/** Why no node can run on this machine; undefined if one can. Packages that can be installed do not count. */
export async function nodeObstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'a node needs Linux'
  if (process.getuid?.() !== 0) return 'a node needs root'
  return packagesObstacle(NODE_PACKAGES)
}
