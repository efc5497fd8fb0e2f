import { beforeAll, expect, test } from 'vitest'
import { snapshotFolder } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import {
  annotations,
  claim,
  classes,
  DIGEST,
  modelCache,
  pod,
  readyStatus,
  soundSpec,
} from './support/objects.ts'
import { claimMounts, storedPod } from './support/stored-pod.ts'

const GATED = [{ name: 'modelplane.ai/cache-ready' }]
const GATE = { 'modelplane.ai/not-ready': 'Gate' }

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(
    ...classes,
    claim('ops-staged', ['ReadWriteMany']),
    modelCache('weights', soundSpec()),
    modelCache('hydrating', soundSpec()),
    modelCache('ops', {
      mount: { path: '/mnt/ops' },
      storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged', subPath: 'llama' } },
    }),
  )
  await cluster.setStatus('modelcache/weights', readyStatus('modelcache--weights'))
  await cluster.setStatus('modelcache/hydrating', { phase: 'Hydrating' })
})

async function stored(name: string, caches: string) {
  await cluster.need(pod({ name, ...annotations(caches, GATE) }))
  return storedPod.parse(await cluster.get(`pod/${name}`))
}

async function refusal(metadata: object, spec: object = {}): Promise<string> {
  const { code, stderr } = await cluster.apply(pod({ name: 'refused', ...metadata }, spec))
  expect(code, stderr).toBe(1)
  return stderr
}

test('a pod that waits is stored with the gate, and with a mount whose digest comes later', async () => {
  const { spec, metadata } = await stored('waiting', 'hydrating')
  expect(spec.schedulingGates).toEqual(GATED)
  expect(claimMounts({ spec, metadata })).toEqual([
    'vllm modelcache--hydrating/snapshots/$(MODELCACHE__HYDRATING_DIGEST) at /mnt/model',
  ])
  expect(spec.containers[0]?.env).toEqual([
    {
      name: 'MODELCACHE__HYDRATING_DIGEST',
      valueFrom: {
        fieldRef: {
          apiVersion: 'v1',
          fieldPath: "metadata.annotations['digest.modelplane.ai/modelcache--hydrating']",
        },
      },
    },
  ])
  expect(metadata.annotations?.['modelplane.ai/injected']).toBe('hydrating=pending')
  const { stdout } = await cluster.kubectl(['get', 'pod/waiting', '--no-headers'])
  expect(stdout).toContain('SchedulingGated')
})

test('a pod that waits for a claim that people fill has its mount already', async () => {
  const { spec, metadata } = await stored('staged', 'ops')
  expect(spec.schedulingGates).toEqual(GATED)
  expect(claimMounts({ spec, metadata })).toEqual(['vllm ops-staged/llama at /mnt/ops'])
})

test('its gate is lifted when its caches are Ready, and it is told the digest', async () => {
  await cluster.need(modelCache('late', soundSpec({ mount: { path: '/mnt/late' } })))
  expect((await stored('patient', 'late, weights')).spec.schedulingGates).toEqual(GATED)
  await eventually('an Event that says what it waits for', async () => {
    const { stdout } = await cluster.kubectl(['describe', 'pod/patient'])
    return stdout.includes('waits for ModelCache late, which is Provisioning') || undefined
  })
  await cluster.setStatus('modelcache/late', readyStatus('modelcache--late'))
  const { metadata } = await eventually('the end of its wait', async () => {
    const pod = storedPod.parse(await cluster.get('pod/patient'))
    return pod.spec.schedulingGates === undefined ? pod : undefined
  })
  expect(metadata.annotations).toMatchObject({
    'digest.modelplane.ai/modelcache--late': snapshotFolder(DIGEST),
    'modelplane.ai/injected': `late=${DIGEST},weights=${DIGEST}`,
  })
})

test('a pod that would wait does not when its caches are Ready', async () => {
  expect((await stored('ready', 'weights')).spec.schedulingGates).toBeUndefined()
})

test('a cache that does not exist is not waited for', async () => {
  expect(await refusal(annotations('gone', GATE))).toMatch(/CacheNotFound: /)
})

test('a pod that has its node already cannot wait', async () => {
  expect(await refusal(annotations('hydrating', GATE), { nodeName: 'node-1' })).toMatch(
    /CacheNotReady: .*spec.nodeName is set/,
  )
})

test('another value of the annotation is denied, on a pod and on a template', async () => {
  const wrong = annotations('weights', { 'modelplane.ai/not-ready': 'Wait' })
  const words = /ReferenceInvalid: .*modelplane.ai\/not-ready is "Wait"; the only value is Gate/
  expect(await refusal(wrong)).toMatch(words)
  const { code, stderr } = await cluster.apply(deployment(wrong))
  expect(code).toBe(1)
  expect(stderr).toMatch(words)
})

test('who applies a workload that waits is told that its pods will', async () => {
  const { code, stderr } = await cluster.apply(deployment(annotations('hydrating', GATE)))
  expect(code).toBe(0)
  expect(stderr).toMatch(/Warning: CacheNotReady: pods wait at their scheduling gate until/)
})

function deployment(metadata: object) {
  const labels = { app: 'waits' }
  const { spec } = pod({})
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'waits' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels, ...metadata }, spec } },
  }
}
