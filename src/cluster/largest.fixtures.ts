import type { Kind } from '../api/kinds.ts'

/** The label of what belongs to a ModelDeployment. */
const SERVING = { 'modelplane.ai/modeldeployment': 'a' }

/**
 * For each kind, an object about as large as etcd can store it, both in the fields that the schema reads and
 * in others. Tests use them to see what we keep of such objects. An API server accepts each of them, and
 * anybody may create all but the kinds of administrators.
 */
export const LARGEST: { readonly [K in Kind]: (name: string) => { metadata: object } } = {
  HydrationJob: name => ({
    metadata: {
      ...named(name, HYDRATOR_LABELS),
      uid: name,
      ownerReferences: owners(),
      finalizers: texts(500, 50).map(text => `example.com/${text}`),
    },
    spec: { suspend: true, template: { spec: pod(300_000) } },
  }),
  HydrationPod: name => ({
    metadata: { ...named(name, HYDRATOR_LABELS), ownerReferences: owners() },
    spec: pod(600_000),
  }),
  InferenceCluster: name => ({ metadata: named(name), spec: {} }),
  ModelCache: name => ({
    metadata: { ...named(name), finalizers: texts(60, 60).map(text => `example.com/${text}`) },
    spec: {
      artifact: {
        source: {
          huggingFace: { repo: 'a/b', revision: 'v1', include: texts(64, 256), exclude: texts(64, 256) },
        },
      },
      mount: { path: `/${texts(4, 250).join('/')}` },
      storage: { backend: 'PVC', pvc: { storageClassName: 'e2e-shared-files' } },
      hydration: {
        nodeSelector: Object.fromEntries(texts(64, 60).map(text => [text, text])),
        tolerations: texts(32, 60).map(text => ({ key: text, operator: 'Exists' })),
      },
      // Admission allows no larger one.
      clusterSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: texts(25, 60) }] },
    },
  }),
  ModelDeployment: name => ({
    metadata: named(name),
    spec: {
      engine: { image: 'registry.example.com/engine', args: texts(20, 60_000) },
      caches: texts(16, 250).map(text => ({ name: text })),
    },
  }),
  Namespace: name => ({ metadata: named(name) }),
  Node: name => ({
    metadata: named(name),
    status: {
      allocatable: Object.fromEntries(texts(500, 100).map(key => [`example.com/${key.slice(0, 60)}`, '8'])),
      images: texts(50, 1_000).map(image => ({ names: [image] })),
    },
  }),
  PersistentVolume: name => ({
    metadata: named(name),
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteMany'],
      hostPath: { path: '/nowhere' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'example.com/zone', operator: 'In', values: texts(1_000, 63) }] },
          ],
        },
      },
    },
  }),
  PersistentVolumeClaim: name => ({
    metadata: { ...named(name), ownerReferences: owners() },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName: 'shared',
      resources: { requests: { storage: '1Gi' } },
    },
  }),
  Pod: name => ({
    metadata: named(name, { 'modelplane.ai/cache-consumer': 'true' }),
    spec: { ...pod(500_000), schedulingGates: [{ name: 'modelplane.ai/cache-ready' }] },
  }),
  ResourceQuota: name => ({
    metadata: named(name),
    spec: { hard: Object.fromEntries(texts(1_000, 60).map(text => [`example.com/${text}`, '1'])) },
  }),
  ServingBudget: name => ({ metadata: { ...named(name, SERVING), uid: name, ownerReferences: owners() } }),
  ServingDeployment: name => ({
    metadata: { ...named(name, SERVING), uid: name, ownerReferences: owners() },
    spec: {
      selector: { matchLabels: SERVING },
      template: { metadata: { labels: SERVING }, spec: pod(300_000) },
    },
  }),
  ServingGangs: name => ({
    metadata: { ...named(name, SERVING), uid: name, ownerReferences: owners() },
    spec: { leaderWorkerTemplate: { workerTemplate: { spec: pod(300_000) } } },
  }),
  ServingService: name => ({
    metadata: { ...named(name, SERVING), uid: name, ownerReferences: owners() },
    spec: { selector: SERVING, ports: [{ port: 80 }] },
  }),
  SharedSecret: name => ({
    metadata: { ...named(name, { 'modelplane.ai/replicate': 'true' }), uid: name },
    data: { token: 'x'.repeat(1_000_000) },
  }),
  StorageClass: name => ({
    metadata: named(name),
    provisioner: 'example.com/shared',
    parameters: { note: 'x'.repeat(200_000) },
  }),
  StorageProfile: name => ({
    metadata: named(name),
    status: { claimPropertySets: [{ accessModes: ['ReadWriteMany'], volumeMode: 'Filesystem' }] },
  }),
}

const HYDRATOR_LABELS = { 'app.kubernetes.io/name': 'modelcache', 'app.kubernetes.io/component': 'hydrator' }

/** Different texts of this many characters. */
function texts(count: number, length: number): string[] {
  return Array.from({ length: count }, (_, index) => `t${index}-`.padEnd(length, 'x'))
}

function named(name: string, labels: object = {}) {
  // Kubernetes: 256 KiB of annotations.
  return {
    name,
    labels,
    annotations: { 'modelplane.ai/refetch': 'x'.repeat(100_000), note: 'x'.repeat(100_000) },
  }
}

function owners() {
  return texts(60, 200).map(name => ({ apiVersion: 'v1', kind: 'ConfigMap', name, uid: name }))
}

/** A pod spec with many mounts of many claims, and this many more characters that mean nothing to us. */
function pod(filler: number) {
  const volumes = texts(1_000, 60).map(name => ({ name, persistentVolumeClaim: { claimName: name } }))
  const volumeMounts = volumes.map(({ name }) => ({
    name,
    mountPath: `/${name}`,
    subPath: `${name}/${'x'.repeat(100)}`,
  }))
  const env = [{ name: 'FILLER', value: 'x'.repeat(filler) }]
  return { restartPolicy: 'Never', containers: [{ name: 'main', image: 'any', volumeMounts, env }], volumes }
}
