import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, newNamespace } from './support/cluster.ts'
import { classes, modelCache, readyStatus, soundSpec } from './support/objects.ts'

// What people nearly write. kubectl prints a warning, whichever of policy and webhook sees the object.

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes, modelCache('weights', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus('modelcache--weights'))
})

const GROUP = 'modelplane.ai'
const LABELS = { app: 'serve' }
const containers = [{ name: 'main', image: 'registry.example.com/anything' }]
let made = 0

interface Metadata {
  annotations?: Record<string, string>
  labels?: Record<string, string>
}

function pod(metadata: Metadata, spec: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p-${++made}`, ...metadata },
    spec: { containers, ...spec },
  }
}

function template({ annotations, labels }: Metadata = {}) {
  return { metadata: { annotations, labels: { ...LABELS, ...labels } }, spec: { containers } }
}

function deployment(metadata: Metadata, of: Metadata = {}) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `d-${++made}`, ...metadata },
    spec: { replicas: 0, selector: { matchLabels: LABELS }, template: template(of) },
  }
}

function gang(leader: Metadata, worker: Metadata) {
  return {
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: { name: `g-${++made}` },
    spec: {
      replicas: 0,
      leaderWorkerTemplate: { size: 2, leaderTemplate: template(leader), workerTemplate: template(worker) },
    },
  }
}

const cronJob = (of: Metadata) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: `c-${++made}` },
  spec: {
    schedule: '@yearly',
    jobTemplate: { spec: { template: { ...template(of), spec: { containers, restartPolicy: 'Never' } } } },
  },
})

const cacheWith = (metadata: Metadata) => {
  const cache = modelCache(`m-${++made}`, soundSpec())
  return { ...cache, metadata: { ...cache.metadata, ...metadata } }
}

const on = (key: string, value = 'weights'): Metadata => ({ annotations: { [`${GROUP}/${key}`]: value } })
const label = (key: string, value = 'weights'): Metadata => ({ labels: { [`${GROUP}/${key}`]: value } })

const MISTAKES: [what: string, object: () => object, says: string][] = [
  [
    'a pod with cache',
    () => pod(on('cache')),
    `${GROUP}/cache is not known; did you mean annotation ${GROUP}/caches?`,
  ],
  ['a pod with inject', () => pod(on('inject', 'true')), `did you mean annotation ${GROUP}/caches?`],
  [
    'a pod with another domain',
    () => pod({ annotations: { 'modelplane.io/caches': 'weights' } }),
    `modelplane.io/caches is not known; did you mean annotation ${GROUP}/caches?`,
  ],
  ['a pod with a label', () => pod(label('caches')), `label ${GROUP}/caches does nothing; make it an`],
  ['a pod with not-ready alone', () => pod(on('not-ready', 'Gate')), `does nothing without ${GROUP}/caches`],
  [
    'a pod with a key of caches',
    () => pod(on('refetch', '1')),
    'does nothing here; set it on the ModelCache',
  ],
  [
    'a pod with an unknown key',
    () => pod(on('zebra', '1')),
    `${GROUP}/zebra is not known; the annotations for`,
  ],
  [
    'a pod with caches and cache-container',
    () => pod({ annotations: { ...on('caches').annotations, ...on('cache-container', 'main').annotations } }),
    `did you mean annotation ${GROUP}/cache-containers?`,
  ],
  [
    'a Deployment with a label',
    () => deployment(label('caches')),
    `label ${GROUP}/caches does nothing; make it an`,
  ],
  [
    'a template with a label',
    () => deployment({}, label('caches')),
    `label ${GROUP}/caches does nothing; make it`,
  ],
  ['a template with cache', () => deployment({}, on('cache')), `did you mean annotation ${GROUP}/caches?`],
  ['a Deployment with caches', () => deployment(on('caches')), 'AnnotationNotOnTemplate'],
  [
    'a Deployment with not-ready',
    () => deployment(on('not-ready', 'Gate'), on('caches')),
    'does not reach the pods of this workload; move it to the pod template',
  ],
  ['a worker of a gang', () => gang(on('caches'), on('cache')), `did you mean annotation ${GROUP}/caches?`],
  ['a leader of a gang', () => gang(label('caches'), {}), `label ${GROUP}/caches does nothing; make it`],
  ['a CronJob', () => cronJob(on('cache')), `did you mean annotation ${GROUP}/caches?`],
  [
    'a ModelCache with re-fetch',
    () => cacheWith(on('re-fetch', '1')),
    `did you mean annotation ${GROUP}/refetch?`,
  ],
  ['a ModelCache with paused: True', () => cacheWith(on('paused', 'True')), 'did you mean "true"?'],
  [
    'a ModelCache with allow-delete-in-use: yes',
    () => cacheWith(on('allow-delete-in-use', 'yes')),
    'did you mean "true"?',
  ],
  [
    'a ModelCache with caches',
    () => cacheWith(on('caches')),
    'does nothing here; set it on the pod template',
  ],
]

describe('kubectl apply warns of', () => {
  test.each(MISTAKES)('%s', async (_, object, says) => {
    const { code, stderr } = await cluster.apply(object())
    expect(stderr).toContain(says)
    expect(code).toBe(0)
    // One of policy and webhook speaks, and not both.
    expect(stderr.split(says)).toHaveLength(2)
  })
})

describe('kubectl annotate warns', () => {
  const annotate = (what: string, ...pairs: string[]) =>
    cluster.kubectl(['annotate', '--overwrite', what, ...pairs])

  test('that a pod that exists does not read it', async () => {
    const one = pod({})
    await cluster.need(one)
    const { stderr } = await annotate(`pod/${one.metadata.name}`, `${GROUP}/caches=weights`)
    expect(stderr).toContain(`KeyIgnored: annotation ${GROUP}/caches is read only when a pod is created`)
  })

  test.each([
    ['paused=True', 'has a value that does nothing; did you mean "true"?'],
    ['allow-delete-in-use=yes', 'has a value that does nothing; did you mean "true"?'],
    ['re-fetch=1', `did you mean annotation ${GROUP}/refetch?`],
    ['tier=gold', `${GROUP}/tier is not known; the annotations for the ModelCache are`],
  ])('of a ModelCache with %s', async (pair, says) => {
    const cache = cacheWith({})
    await cluster.need(cache)
    const { stderr } = await annotate(`modelcache/${cache.metadata.name}`, `${GROUP}/${pair}`)
    expect(stderr).toContain(says)
  })
})

describe('nothing is said about', () => {
  test.each<[string, () => object]>([
    [
      'what works',
      () => pod({ annotations: { ...on('caches').annotations, ...on('not-ready', 'Gate').annotations } }),
    ],
    ['a template that works', () => deployment({}, on('caches'))],
    ['a ModelCache that works', () => cacheWith(on('paused', 'true'))],
    [
      'keys of others',
      () => pod({ annotations: { 'example.com/cache': 'x', 'modelcache.example.com/zone': 'y' } }),
    ],
  ])('%s', async (_, object) => {
    const { code, stderr } = await cluster.apply(object())
    expect(stderr).not.toContain('KeyIgnored')
    expect(code).toBe(0)
  })

  test('pods of a controller', async () => {
    const own = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'own' } }
    await cluster.need(own)
    const { stdout } = await cluster.kubectl(['get', 'configmap/own', '-o', 'jsonpath={.metadata.uid}'])
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'own', uid: stdout, controller: true },
    ]
    const one = pod(on('cache'))
    const { stderr } = await cluster.apply({ ...one, metadata: { ...one.metadata, ownerReferences } })
    expect(stderr).not.toContain('KeyIgnored')
  })
})

describe('a bare pod gets the advice of a template:', () => {
  test('a hub cache inside the mount', async () => {
    const env = [{ name: 'HF_HOME', value: '/mnt/model/hf' }]
    const one = pod(on('caches'), { containers: [{ ...containers[0], env }] })
    const { stderr } = await cluster.apply(one)
    expect(stderr).toContain('HubCacheReadOnly: container main: HF_HOME is /mnt/model/hf')
  })

  test('an init container that reads the mount path and gets no mount', async () => {
    const initContainers = [{ ...containers[0], name: 'check', command: ['ls', '/mnt/model'] }]
    const { stderr } = await cluster.apply(pod(on('caches'), { initContainers }))
    expect(stderr).toContain('PathNotMounted: container check names a mount path and gets no mount')
    expect(stderr).toContain(`annotation ${GROUP}/cache-containers: main, check`)
  })
})
