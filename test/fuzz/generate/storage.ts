import { KNOWN_PROVISIONERS } from '../oracle/storage-class.ts'
import type { Random } from './random.ts'
import { CACHE_NAMES, CLAIM_NAMES, CLASS_NAMES, NAMESPACE } from './words.ts'

const PROVISIONERS = [...KNOWN_PROVISIONERS, 'example.com/mystery', 'cephfs.csi.ceph.com.example', '']
const MODES = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod']
const PARAMETERS: Record<string, string>[] = [
  {},
  { protocol: 'nfs' },
  { Protocol: ' NFS ' },
  { protocol: 'iscsi' },
  { storage_type: 'vfs' },
  { migratable: 'true' },
  { migratable: 'false' },
  { backendType: 'ontap-nas-economy' },
  { backendType: 'ontap-san' },
  { backendtype: 'else' },
  { 'csi.storage.k8s.io/fstype': 'nfs4' },
  { fsType: 'ext4' },
  { fstype: 'XFS' },
  { constructor: 'x' },
]

/** What an administrator attests, correctly or not. */
function attestation(random: Random): string {
  const words = [...MODES, 'RWX', 'RWO', 'ROX', 'RWOP', ' ReadWriteMany ', 'readwritemany', '', 'RWX RWO']
  return random.some(words, 0.15).join(random.pick([',', ', ']))
}

export function storageClass(name: string, random: Random): unknown {
  const flag = (probability: number) =>
    random.perhaps(probability, () => random.pick(['true', 'true', 'false', 'True']))
  return {
    metadata: {
      name,
      creationTimestamp: random.perhaps(0.9, () => `2031-05-0${1 + random.below(3)}T00:00:00Z`),
      annotations: {
        'storageclass.kubernetes.io/is-default-class': flag(0.4),
        'storageclass.beta.kubernetes.io/is-default-class': flag(0.1),
        'modelplane.ai/access-modes': random.perhaps(0.2, () => attestation(random)),
      },
    },
    provisioner: random.pick(PROVISIONERS),
    parameters: random.perhaps(0.7, () => random.pick(PARAMETERS)),
    allowVolumeExpansion: random.perhaps(0.7, () => random.chance(0.6)),
  }
}

export function storageProfile(name: string, random: Random): unknown {
  const set = () => ({
    accessModes: random.pick([null, random.some(MODES, 0.4)]),
    volumeMode: random.perhaps(0.6, () => random.pick(['Filesystem', 'Block', null])),
  })
  const sets = [[], null, [set()], [set(), set()]]
  return { metadata: { name }, status: random.perhaps(0.9, () => ({ claimPropertySets: random.pick(sets) })) }
}

export function claim(name: string, random: Random): unknown {
  const label = () => random.pick([...CACHE_NAMES, 'gone', ''])
  return {
    metadata: {
      name,
      namespace: random.pick([NAMESPACE, NAMESPACE, NAMESPACE, 'other']),
      uid: random.perhaps(0.8, () => 'one'),
      deletionTimestamp: random.perhaps(0.1, () => '2031-05-04T03:02:01Z'),
      labels: random.perhaps(0.3, () => ({ 'modelplane.ai/modelcache': label() })),
    },
    spec: {
      accessModes: random.perhaps(0.9, () => random.some(MODES, 0.4)),
      volumeMode: random.perhaps(0.4, () => random.pick(['Filesystem', 'Filesystem', 'Block', null])),
    },
    status: random.perhaps(0.7, () => ({ phase: random.pick(['Bound', 'Bound', 'Bound', 'Lost']) })),
  }
}

export function inferenceCluster(name: string, random: Random): unknown {
  const storage = () => random.pick([{}, { storageClassName: random.pick([...CLASS_NAMES, 'gone']) }])
  const labels = random.perhaps(0.6, () => ({ tier: random.pick(['prod', 'dev']) }))
  return {
    metadata: { name, labels },
    spec: random.perhaps(0.8, () => ({ storage: random.perhaps(0.8, storage) })),
  }
}

export function claims(random: Random): unknown[] {
  return random.some(CLAIM_NAMES, 0.5).map(name => claim(name, random))
}
