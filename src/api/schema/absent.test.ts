import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { aClaim, aModelCache, aPod, aReadyCache, aVolume } from '../fixtures.ts'
import { inferenceCluster } from '../inference-cluster.ts'
import { consumerPod } from '../kubernetes/consumer-pod.ts'
import { hydrationJob } from '../kubernetes/hydration-job.ts'
import { hydrationPod } from '../kubernetes/hydration-pod.ts'
import { job } from '../kubernetes/job.ts'
import { namespace } from '../kubernetes/namespace.ts'
import { persistentVolume } from '../kubernetes/persistent-volume.ts'
import { persistentVolumeClaim } from '../kubernetes/persistent-volume-claim.ts'
import { pod } from '../kubernetes/pod.ts'
import { resourceQuota } from '../kubernetes/resource-quota.ts'
import { storageClass } from '../kubernetes/storage-class.ts'
import { storageProfile } from '../kubernetes/storage-profile.ts'
import { modelCache } from '../modelcache.ts'
import { CACHES } from '../names.ts'

const metadata = {
  name: 'x',
  uid: 'u',
  labels: {},
  annotations: {},
  ownerReferences: [{ kind: 'Job', name: 'j', uid: 'u', controller: true }],
}
const container = {
  name: 'c',
  image: 'i',
  command: ['a'],
  args: ['b'],
  env: [{ name: 'A', value: 'v', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
  envFrom: [{}],
  workingDir: '/',
  restartPolicy: 'Always',
  resources: { limits: {}, requests: {}, claims: [{}] },
  volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true, subPath: 's', subPathExpr: 'e' }],
  volumeDevices: [{ devicePath: '/dev/x' }],
}
const podSpec = {
  volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c', readOnly: true } }],
  containers: [container],
  initContainers: [container],
  ephemeralContainers: [container],
  os: { name: 'linux' },
  nodeSelector: {},
  nodeName: 'n',
  schedulingGates: [{ name: 'g' }],
}
const conditions = [{ type: 'A', status: 'True', reason: 'R', message: 'm', lastTransitionTime: 't' }]
const terminated = { exitCode: 1, reason: 'r', message: 'm', finishedAt: 't' }
const state = { waiting: { reason: 'r', message: 'm' }, running: { startedAt: 't' }, terminated }

/** An object of each kind with every member that we read. */
const OBJECTS: [kind: string, schema: z.ZodType, object: object][] = [
  ['Pod', pod, { metadata, spec: podSpec }],
  ['Pod that was given caches', consumerPod, { metadata, spec: podSpec, status: { phase: 'Running' } }],
  ['Job', job, { metadata, spec: { template: { spec: podSpec } } }],
  [
    'Job of ours',
    hydrationJob,
    { metadata, spec: { suspend: true }, status: { startTime: 't', conditions } },
  ],
  [
    'pod of ours',
    hydrationPod,
    {
      metadata,
      status: {
        phase: 'p',
        reason: 'r',
        message: 'm',
        conditions,
        containerStatuses: [{ name: 'c', state }],
      },
    },
  ],
  ['Namespace', namespace, { metadata, status: { phase: 'Active' } }],
  ['StorageClass', storageClass, { metadata, provisioner: 'p', parameters: {}, allowVolumeExpansion: true }],
  [
    'StorageProfile',
    storageProfile,
    { metadata, status: { claimPropertySets: [{ accessModes: ['ReadWriteMany'], volumeMode: 'Block' }] } },
  ],
  ['ResourceQuota', resourceQuota, { metadata, spec: { hard: {} }, status: { hard: {}, used: {} } }],
  ['claim', persistentVolumeClaim, aClaim({ name: 'c' })],
  [
    'volume',
    persistentVolume,
    { ...aVolume('v', 'n'), spec: { ...aVolume('v', 'n').spec, claimRef: { namespace: 'n', name: 'c' } } },
  ],
  [
    'InferenceCluster',
    inferenceCluster,
    { ...kindOf('InferenceCluster'), metadata, spec: { storage: { storageClassName: 'c' } } },
  ],
  ['ModelCache', modelCache, aModelCache({ spec: { clusterSelector: { matchLabels: { a: 'b' } } } })],
  ['Ready ModelCache', modelCache, aReadyCache()],
]

function kindOf(kind: string) {
  return { apiVersion: 'modelplane.ai/v1alpha1', kind }
}

/** The paths of all members of objects, including those in lists. */
function pathsIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (Array.isArray(value)) return value.flatMap((item, index) => pathsIn(item, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => [
    [...path, name],
    ...pathsIn(member, [...path, name]),
  ])
}

/** The object with another value at a path, or without that member. */
function changed(value: unknown, [name, ...rest]: (string | number)[], to: null | undefined): unknown {
  if (name === undefined) return to
  if (Array.isArray(value)) return value.with(Number(name), changed(value[Number(name)], rest, to))
  const { [name]: member, ...others } = Object(value)
  if (rest.length === 0 && to === undefined) return others
  return { ...others, [name]: changed(member, rest, to) }
}

describe.each(OBJECTS)('null means absent in a %s', (_, schema, object) => {
  const members = pathsIn(object).map(path => ({ name: path.join('.'), path }))

  test('which can be read as it is', () => {
    expect(schema.safeParse(object).error).toBeUndefined()
    expect(members.length).toBeGreaterThan(3)
  })

  test.each(members)('at $name', ({ path }) => {
    const without = schema.safeParse(changed(object, path, undefined))
    const withNull = schema.safeParse(changed(object, path, null))
    expect(withNull.success).toBe(without.success)
    expect(withNull.data).toEqual(without.data)
  })
})

describe('in a map of strings', () => {
  test('null is the empty text, and its key is there', () => {
    const parsed = pod.parse({
      metadata: { name: 'x', annotations: { [CACHES]: null } },
      spec: { containers: [], nodeSelector: { 'kubernetes.io/os': null } },
    })
    expect(parsed.metadata.annotations).toEqual({ [CACHES]: '' })
    expect(parsed.spec.nodeSelector).toEqual({ 'kubernetes.io/os': '' })
    const given = { metadata: { name: 'x' }, provisioner: 'p', parameters: { tier: null } }
    expect(storageClass.parse(given).parameters).toEqual({ tier: '' })
  })

  test('what nobody reads may be anything', () => {
    const annotations = { 'checksum/config': null }
    expect(pod.safeParse({ ...aPod(), metadata: { name: 'x', annotations } }).error).toBeUndefined()
  })
})

describe('of a custom resource', () => {
  test('the API server removes a value that is null with its key, but not from metadata', () => {
    const { spec, ...cache } = aModelCache()
    const parsed = modelCache.parse({
      ...cache,
      metadata: { ...cache.metadata, annotations: { 'modelplane.ai/paused': null } },
      spec: { ...spec, clusterSelector: { matchLabels: { a: null, b: 'c' } } },
    })
    expect(parsed.spec.clusterSelector?.matchLabels).toEqual({ b: 'c' })
    expect(parsed.metadata.annotations).toEqual({ 'modelplane.ai/paused': '' })
  })

  test('a null in a list stays, and is denied', () => {
    const { spec, ...cache } = aModelCache()
    const storage = { pvc: {} }
    const source = { huggingFace: { repo: 'a/b', revision: 'v1', include: [null] } }
    expect(modelCache.safeParse({ ...cache, spec: { ...spec, storage, artifact: { source } } }).success).toBe(
      false,
    )
  })

  test('what is deeper than any schema does not fill the stack', () => {
    let deep: unknown = null
    for (let depth = 0; depth < 100_000; depth++) deep = { a: deep }
    expect(modelCache.safeParse({ ...aModelCache(), other: deep }).success).toBe(true)
  })
})
