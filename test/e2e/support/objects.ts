/** Objects that the tests apply. They are valid, and each test breaks what it is about. */

export const DIGEST = `sha256:${'5a'.repeat(32)}`

export const RWX_CLASS = 'e2e-shared-files'
export const RWO_CLASS = 'e2e-block'

export function storageClass(name: string, provisioner: string, annotations: Record<string, string> = {}) {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, annotations },
    provisioner,
  }
}

/** The classes that most tests use. */
export const classes = [
  storageClass(RWX_CLASS, 'filestore.csi.storage.gke.io'),
  storageClass(RWO_CLASS, 'ebs.csi.aws.com'),
]

export function modelCache(name: string, spec: object) {
  return { apiVersion: 'modelplane.ai/v1alpha1', kind: 'ModelCache', metadata: { name }, spec }
}

/** A cache that the controller leaves alone from the start, so that a test may set its status. */
export function pausedCache(name: string, spec: object) {
  return { ...modelCache(name, spec), metadata: { name, annotations: { 'modelplane.ai/paused': 'true' } } }
}

/** A repository at a commit, because a branch gives a warning. */
export const huggingFace = { repo: 'meta-llama/Llama-3.3-70B-Instruct', revision: '5206a32e'.repeat(5) }

/** A valid spec of backend PVC, with `changes` on top of its first level. */
export function soundSpec(changes: object = {}) {
  return {
    artifact: { kind: 'Weights', source: { huggingFace } },
    mount: { path: '/mnt/model' },
    storage: { backend: 'PVC', pvc: { storageClassName: RWX_CLASS, sizeGiB: 200 } },
    ...changes,
  }
}

/** The status of a cache of backend PVC whose snapshot is complete, as the controller writes it. */
export function readyStatus(claimName: string) {
  return {
    phase: 'Ready',
    claimName,
    resolvedDigest: DIGEST,
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'SnapshotComplete',
        message: 'the snapshot is complete',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  }
}

export function claim(name: string, accessModes: string[], volumeName?: string) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      accessModes,
      storageClassName: '',
      ...(volumeName && { volumeName }),
      resources: { requests: { storage: '1Gi' } },
    },
  }
}

export function persistentVolume(name: string, accessModes: string[]) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      accessModes,
      capacity: { storage: '1Gi' },
      storageClassName: '',
      nfs: { server: 'nfs.example.com', path: `/exports/${name}` },
    },
  }
}

export function annotations(caches: string, more: Record<string, string> = {}) {
  return { annotations: { 'modelplane.ai/caches': caches, ...more } }
}

/** A pod with as little as the API server accepts. */
export function pod(metadata: object, spec: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'server', ...metadata },
    spec: { containers: [{ name: 'vllm', image: 'vllm/vllm-openai:v0.11.0' }], ...spec },
  }
}
