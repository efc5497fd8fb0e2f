import { annotation, type Cluster, named } from './cluster.ts'
import { at, listAt, mapAt, textAt } from './json.ts'
import { ownCluster } from './placement.ts'

type Answer = 'yes' | 'no' | 'unknown'

/** Some provisioners of the table, for each kind of answer. The generator uses these and unknown ones. */
const PROVISIONERS: Record<string, Answer | ((parameters: Record<string, unknown>) => Answer)> = {
  'filestore.csi.storage.gke.io': 'yes',
  'efs.csi.aws.com': 'yes',
  'nfs.csi.k8s.io': 'yes',
  'cephfs.csi.ceph.com': 'yes',
  'rook-ceph.cephfs.csi.ceph.com': 'yes',
  'ebs.csi.aws.com': 'no',
  'pd.csi.storage.gke.io': 'no',
  'openshift-storage.rbd.csi.ceph.com': 'no',
  'rancher.io/local-path': 'no',
  'linstor.csi.linbit.com': 'unknown',
  'kubernetes.io/no-provisioner': 'unknown',
  'csi-unity.dellemc.com': parameters => (chosen(parameters, 'protocol') === 'nfs' ? 'yes' : 'no'),
  'block.csi.vultr.com': parameters => (chosen(parameters, 'storage_type') === 'vfs' ? 'yes' : 'no'),
  'driver.longhorn.io': parameters => (chosen(parameters, 'migratable') === 'true' ? 'no' : 'yes'),
  'csi.trident.netapp.io': parameters => {
    const backend = chosen(parameters, 'backendType') ?? ''
    if (backend.startsWith('ontap-nas')) return 'yes'
    return backend.startsWith('ontap-san') ? 'no' : 'unknown'
  },
  'csi.vsphere.vmware.com': parameters => {
    const type = chosen(parameters, 'csi.storage.k8s.io/fstype') ?? chosen(parameters, 'fstype') ?? ''
    if (type.startsWith('nfs')) return 'yes'
    return type.startsWith('ext') || type === 'xfs' ? 'no' : 'unknown'
  },
}

export const KNOWN_PROVISIONERS = Object.keys(PROVISIONERS)

/** A parameter, ignoring the case of its name and value. */
function chosen(parameters: Record<string, unknown>, name: string): string | undefined {
  for (const [key, value] of Object.entries(parameters)) {
    if (key.toLowerCase() === name.toLowerCase()) return String(value).trim().toLowerCase()
  }
  return undefined
}

/** DESIGN 5, in its order: the administrator's word, the storage profile, the table, unknown. */
export function isReadWriteMany(storageClass: unknown, { profiles }: Cluster): Answer {
  const attested = annotation(storageClass, 'modelplane.ai/access-modes')
  if (attested !== undefined) return byAttestation(attested)
  const sets = listAt(
    named(profiles, textAt(storageClass, 'metadata', 'name')),
    'status',
    'claimPropertySets',
  )
  if (sets.length > 0) return sets.some(isSharedFileSystem) ? 'yes' : 'no'
  const known = PROVISIONERS[textAt(storageClass, 'provisioner') ?? ''] ?? 'unknown'
  return typeof known === 'function' ? known(mapAt(storageClass, 'parameters')) : known
}

function byAttestation(attested: string): Answer {
  const modes = attested.split(',').map(mode => mode.trim())
  const words = 'ReadWriteOnce ReadOnlyMany ReadWriteMany ReadWriteOncePod RWO ROX RWX RWOP'.split(' ')
  // An unreadable annotation must not count as a yes.
  if (!modes.every(mode => words.includes(mode))) return 'no'
  return modes.includes('ReadWriteMany') || modes.includes('RWX') ? 'yes' : 'no'
}

function isSharedFileSystem(set: unknown): boolean {
  const mode = at(set, 'volumeMode') ?? 'Filesystem'
  return listAt(set, 'accessModes').includes('ReadWriteMany') && mode === 'Filesystem'
}

/**
 * The class that a cache gets: the one that it names, otherwise that of its InferenceCluster, otherwise the
 * default.
 */
export function effectiveClass(
  cache: unknown,
  cluster: Cluster,
): { name: string | undefined; found: unknown } {
  const own = ownCluster(cluster)
  const { classes } = cluster
  const name =
    textAt(cache, 'spec', 'storage', 'pvc', 'storageClassName') ??
    textAt(own, 'spec', 'storage', 'storageClassName')
  return { name, found: name === undefined ? defaultClass(classes) : named(classes, name) }
}

/** Like the API server: the newest marked class, and among equally new ones the first by name. */
function defaultClass(classes: unknown[]): unknown {
  const marked = classes.filter(
    candidate =>
      annotation(candidate, 'storageclass.kubernetes.io/is-default-class') === 'true' ||
      annotation(candidate, 'storageclass.beta.kubernetes.io/is-default-class') === 'true',
  )
  const age = (candidate: unknown) =>
    Date.parse(textAt(candidate, 'metadata', 'creationTimestamp') ?? '') || 0
  const name = (candidate: unknown) => textAt(candidate, 'metadata', 'name') ?? ''
  return marked.toSorted((a, b) => age(b) - age(a) || (name(a) < name(b) ? -1 : 1))[0]
}
