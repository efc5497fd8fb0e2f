import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { KubeObject } from '../objects.ts'

/**
 * A class whose volumes every node can mount, and one whose volumes cannot be shared. Both are folders of the
 * sandbox.
 */
export const SHARED_CLASS = 'shared-rwx'
export const BLOCK_CLASS = 'one-node-rwo'
/** Like the shared class, for claims that name their volume. Nobody else gets it. */
export const NAMED_CLASS = 'named-rwx'

/** Enough for a run. Each is bound once. */
const VOLUMES = { [SHARED_CLASS]: 120, [NAMED_CLASS]: 4 }

/**
 * The storage of a node: classes and static volumes. An administrator would attest what their annotations
 * say.
 */
export async function volumeSupply(data: string): Promise<KubeObject[]> {
  const volumes = Object.entries(VOLUMES).flatMap(([storageClassName, count]) =>
    Array.from({ length: count }, (_, index) => ({ storageClassName, name: `${storageClassName}-${index}` })),
  )
  const folders = join(data, 'volumes')
  await Promise.all(
    volumes.map(async ({ name }) => {
      await mkdir(join(folders, name), { recursive: true })
      // Many file services export like this. mkdir alone would apply the umask.
      await chmod(join(folders, name), 0o777)
    }),
  )
  return [
    storageClass(SHARED_CLASS, 'ReadWriteMany'),
    storageClass(BLOCK_CLASS, 'ReadWriteOnce'),
    storageClass(NAMED_CLASS, 'ReadWriteMany'),
    ...volumes.map(({ name, storageClassName }) => volume(name, storageClassName, join(folders, name))),
  ]
}

function storageClass(name: string, modes: string): KubeObject & Record<string, unknown> {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, annotations: { 'modelplane.ai/access-modes': modes } },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  }
}

function volume(name: string, storageClassName: string, path: string): KubeObject & Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      storageClassName,
      capacity: { storage: '200Gi' },
      accessModes: ['ReadWriteMany', 'ReadOnlyMany'],
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path, type: 'Directory' },
    },
  }
}
