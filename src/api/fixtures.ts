import type { z } from 'zod'
import type { Condition } from './condition.ts'
import { type InferenceCluster, inferenceCluster } from './inference-cluster.ts'
import { type PersistentVolume, persistentVolume } from './kubernetes/persistent-volume.ts'
import { type PersistentVolumeClaim, persistentVolumeClaim } from './kubernetes/persistent-volume-claim.ts'
import { type Container, type Pod, pod } from './kubernetes/pod.ts'
import { type StorageClass, storageClass } from './kubernetes/storage-class.ts'
import { type ModelCache, modelCache } from './modelcache.ts'
import { type ModelDeployment, modelDeployment } from './modeldeployment.ts'
import { CACHES } from './names.ts'
import { API_VERSION } from './schema/group.ts'
import { snapshotPath } from './volume-layout.ts'

/** Objects for tests. Each is valid as it is, so a test states only what it is about. */

export const NAMESPACE = 'ml-team'
/** A commit of the repository that `aModelCache` stages. */
export const COMMIT = '5206a32e'.repeat(5)
export const DIGEST = `sha256:${'5e'.repeat(32)}`
/** The folder of the claim that holds the snapshot of `DIGEST`. */
export const SNAPSHOT = snapshotPath(DIGEST)

type CacheInput = z.input<typeof modelCache>
type SpecInput = CacheInput['spec']

/** A ModelCache of weights on its own claim. It is new, and the controller has not seen it yet. */
export function aModelCache(
  given: {
    name?: string
    metadata?: Partial<CacheInput['metadata']>
    spec?: Partial<SpecInput>
    status?: CacheInput['status']
  } = {},
): ModelCache {
  return modelCache.parse({
    apiVersion: API_VERSION,
    kind: 'ModelCache',
    metadata: { name: given.name ?? 'llama', namespace: NAMESPACE, generation: 1, ...given.metadata },
    spec: {
      artifact: { source: { huggingFace: { repo: 'meta-llama/Llama-3.3-70B-Instruct', revision: COMMIT } } },
      mount: { path: '/mnt/model' },
      storage: { pvc: { storageClassName: 'shared' } },
      ...given.spec,
    },
    status: given.status,
  })
}

/** A ModelCache with a snapshot on its claim. */
export function aReadyCache({
  name = 'llama',
  path = '/mnt/model',
  digest = DIGEST,
  snapshots = [] as { digest: string }[],
} = {}): ModelCache {
  return aModelCache({
    name,
    spec: { mount: { path } },
    status: {
      phase: 'Ready',
      conditions: [aCondition('Ready', 'True')],
      claimName: `modelcache--${name}`,
      resolvedDigest: digest,
      snapshots,
    },
  })
}

export function aCondition(type: string, status: Condition['status'], given: Partial<Condition> = {}) {
  return {
    type,
    status,
    reason: 'Test',
    message: 'a test says so',
    lastTransitionTime: '2031-05-04T03:02:01Z',
    ...given,
  }
}

/** A running container that asks for nothing special. */
export function aContainer(given: Loosely<Partial<Container>> & Record<string, unknown> = {}): Container {
  return { name: 'app', image: 'registry.example/app:1', ...given }
}

/** A container that asks for a GPU. */
export function aGpuContainer(given: Loosely<Partial<Container>> & Record<string, unknown> = {}): Container {
  return aContainer({ name: 'engine', resources: { limits: { 'nvidia.com/gpu': '8' } }, ...given })
}

/** A pod of one GPU container that names cache `llama`. */
export function aPod(
  given: {
    metadata?: Loosely<Partial<Pod['metadata']>>
    spec?: Loosely<Partial<Pod['spec']>>
    caches?: string
  } = {},
): Pod {
  return asSent({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'serve-',
      ...given.metadata,
      annotations: { [CACHES]: given.caches ?? 'llama', ...given.metadata?.annotations },
    },
    spec: { containers: [aGpuContainer()], ...given.spec },
  })
}

/** An object may have members that no rule reads. */
export type Loosely<T> = T extends readonly (infer E)[]
  ? Loosely<E>[]
  : T extends object
    ? { [K in keyof T]: Loosely<T[K]> } & { readonly [other: string]: unknown }
    : T

/** A pod with all its members, including those that no rule reads and parsing drops. */
export function asSent(given: unknown): Pod {
  pod.parse(given)
  return given as Pod
}

/** A bound claim that many nodes may mount. */
export function aClaim(
  given: {
    name?: string
    metadata?: Partial<PersistentVolumeClaim['metadata']>
    accessModes?: string[]
    storageClassName?: string
    volumeMode?: string
    volumeName?: string
    status?: PersistentVolumeClaim['status']
  } = {},
): PersistentVolumeClaim {
  const accessModes = given.accessModes ?? ['ReadWriteMany']
  return persistentVolumeClaim.parse({
    metadata: { name: given.name ?? 'ops-staged', namespace: NAMESPACE, ...given.metadata },
    spec: {
      accessModes,
      storageClassName: given.storageClassName,
      volumeMode: given.volumeMode,
      volumeName: given.volumeName,
    },
    status: { phase: 'Bound', accessModes, ...given.status },
  })
}

/** A volume that only some nodes can reach, by their host names, or all nodes if none is given. */
export function aVolume(name: string, ...nodes: string[]): PersistentVolume {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: nodes }]
  const required = { nodeSelectorTerms: [{ matchExpressions }] }
  return persistentVolume.parse({
    metadata: { name },
    spec: nodes.length === 0 ? {} : { nodeAffinity: { required } },
  })
}

/** A StorageClass on a shared file system. */
export function aStorageClass(
  given: { name?: string; provisioner?: string; annotations?: Record<string, string> } = {},
): StorageClass {
  return storageClass.parse({
    metadata: { name: given.name ?? 'shared', annotations: given.annotations },
    provisioner: given.provisioner ?? 'filestore.csi.storage.gke.io',
  })
}

/** A registered cluster. Its ModelCaches without a class get this one. */
export function anInferenceCluster(name: string, storageClassName?: string): InferenceCluster {
  return inferenceCluster.parse({
    apiVersion: API_VERSION,
    kind: 'InferenceCluster',
    metadata: { name },
    spec: { storage: { storageClassName } },
  })
}

/** A ModelDeployment of vLLM on one accelerator, which reads the cache `llama`. */
export function aModelDeployment(
  given: {
    metadata?: Partial<z.input<typeof modelDeployment>['metadata']>
    spec?: Partial<z.input<typeof modelDeployment>['spec']>
    status?: z.input<typeof modelDeployment>['status']
  } = {},
): ModelDeployment {
  return modelDeployment.parse({
    apiVersion: API_VERSION,
    kind: 'ModelDeployment',
    metadata: { name: 'chat', namespace: NAMESPACE, uid: 'uid-of-chat', generation: 1, ...given.metadata },
    spec: {
      engine: { image: 'vllm/vllm-openai:v0.11.0', args: ['--model=/mnt/model'] },
      caches: [{ name: 'llama' }],
      ...given.spec,
    },
    status: given.status,
  })
}
