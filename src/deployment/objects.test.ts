import { describe, expect, test } from 'vitest'
import { aModelDeployment } from '../api/fixtures.ts'
import { deploymentOf } from './deployment.ts'
import { budgetOf, serviceOf } from './objects.ts'
import { shortLabel } from './short-label.ts'

const IMAGE = 'vllm/vllm-openai:v0.11.0'
type Spec = NonNullable<NonNullable<Parameters<typeof aModelDeployment>[0]>['spec']>

const deployment = (spec: Spec = {}) => deploymentOf(aModelDeployment({ spec }))
const podOf = (spec: Spec = {}) =>
  deployment(spec).spec.template as {
    metadata: object
    spec: { containers: object[] } & Record<string, unknown>
  }
const engineOf = (spec: Spec = {}) => podOf(spec).spec.containers[0]

test('all that belongs to a deployment has its name and its owner, and selects its pods', () => {
  const owner = { kind: 'ModelDeployment', name: 'chat', uid: 'uid-of-chat', controller: true }
  const selector = { 'modelplane.ai/modeldeployment': 'chat' }
  const given = aModelDeployment()
  for (const { metadata } of [deploymentOf(given), serviceOf(given), budgetOf(given)])
    expect(metadata).toMatchObject({ name: 'chat', labels: selector, ownerReferences: [owner] })
  expect(deploymentOf(given).spec.selector).toEqual({ matchLabels: selector })
  expect(deploymentOf(given).spec.template).toMatchObject({ metadata: { labels: selector } })
  expect(serviceOf(given).spec.selector).toEqual(selector)
  expect(budgetOf(given).spec.selector).toEqual({ matchLabels: selector })
})

test('the caches are asked for by annotation, for the engine, at a gate', () => {
  expect(podOf().metadata).toMatchObject({
    annotations: {
      'modelplane.ai/caches': 'llama',
      'modelplane.ai/cache-containers': 'engine',
      'modelplane.ai/not-ready': 'Gate',
    },
  })
  const two = podOf({ caches: [{ name: 'llama' }, { name: 'tokenizer' }] })
  expect(two.metadata).toMatchObject({ annotations: { 'modelplane.ai/caches': 'llama,tokenizer' } })
  expect(podOf({ caches: [] }).metadata).toMatchObject({ annotations: {} })
})

test('a rollout never needs two full sets of accelerators', () => {
  expect(deployment().spec.strategy).toEqual({
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
  })
})

describe('the engine', () => {
  test('has its accelerators, CPU and memory as requests and limits', () => {
    const amounts = { cpu: '32', memory: '256Gi', 'nvidia.com/gpu': 8 }
    const engine = engineOf({
      workers: { topology: { tensor: 8 }, resources: { cpu: '32', memory: '256Gi' } },
    })
    expect(engine).toMatchObject({ resources: { requests: amounts, limits: amounts } })
    const cpu = engineOf({ workers: { topology: { tensor: 0 } } })
    expect(cpu).toMatchObject({ resources: { requests: {}, limits: {} } })
  })

  test('has shared memory beside several accelerators, or as much as it asks for', () => {
    const volume = (size: string) => ({
      name: 'modelcache-shm',
      emptyDir: { medium: 'Memory', sizeLimit: size },
    })
    expect(podOf().spec.volumes).toEqual([])
    expect(podOf({ workers: { topology: { tensor: 2 } } }).spec.volumes).toEqual([volume('1Gi')])
    const asked = { engine: { image: IMAGE, shmSize: '8Gi' } }
    expect(podOf(asked).spec.volumes).toEqual([volume('8Gi')])
    expect(engineOf(asked)).toMatchObject({
      volumeMounts: [{ name: 'modelcache-shm', mountPath: '/dev/shm' }],
    })
  })

  test.each([
    [IMAGE, { httpGet: { path: '/health', port: 'http' } }],
    ['lmsysorg/sglang:v0.5.5', { httpGet: { path: '/health', port: 'http' } }],
    ['nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8', { httpGet: { path: '/v1/health/ready', port: 'http' } }],
    ['registry.example.com/ours:1', { tcpSocket: { port: 9000 } }],
  ])('%s is asked by %j whether it serves', (image, asks) => {
    const engine = engineOf({ engine: { image, port: 9000 } })
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
      expect(engine).toMatchObject({ [probe]: asks })
  })
})

describe('a template', () => {
  const template = {
    metadata: { labels: { team: 'a' }, annotations: { 'modelplane.ai/not-ready': 'Deny', note: 'b' } },
    spec: {
      nodeSelector: { pool: 'gpu' },
      imagePullSecrets: [{ name: 'pull' }],
      containers: [
        { name: 'proxy', image: 'proxy:1' },
        {
          name: 'engine',
          image: 'ignored',
          env: [
            { name: 'A', value: 'theirs' },
            { name: 'B', value: 'theirs' },
          ],
          livenessProbe: { exec: { command: ['true'] } },
          securityContext: { runAsUser: 1000 },
        },
      ],
      volumes: [{ name: 'scratch', emptyDir: {} }],
    },
  }
  const spec: Spec = {
    workers: { template },
    engine: { image: IMAGE, env: [{ name: 'A', value: 'ours' }], imagePullSecrets: [{ name: 'pull' }] },
  }

  test('lies under what the deployment says', () => {
    const pod = podOf(spec)
    expect(pod.metadata).toMatchObject({
      labels: { team: 'a', 'modelplane.ai/modeldeployment': 'chat' },
      annotations: { 'modelplane.ai/caches': 'llama', note: 'b' },
    })
    expect(pod.spec).toMatchObject({
      nodeSelector: { pool: 'gpu' },
      imagePullSecrets: [{ name: 'pull' }],
      volumes: [{ name: 'scratch' }],
    })
    expect(
      pod.spec.containers.map(container => Object.entries(container).find(([key]) => key === 'name')?.[1]),
    ).toEqual(['engine', 'proxy'])
  })

  test('may say how pods wait, and how the engine is probed and secured', () => {
    expect(podOf(spec).metadata).toMatchObject({ annotations: { 'modelplane.ai/not-ready': 'Deny' } })
    expect(engineOf(spec)).toMatchObject({
      image: IMAGE,
      livenessProbe: { exec: { command: ['true'] } },
      securityContext: { runAsUser: 1000 },
      env: [
        { name: 'B', value: 'theirs' },
        { name: 'A', value: 'ours' },
      ],
    })
  })
})

test('the value of a label has at most 63 characters, and no two names share one', () => {
  const [one, other] = ['a', 'b'].map(end => shortLabel('x'.repeat(100) + end))
  expect(one).toHaveLength(63)
  expect(one).not.toBe(other)
  expect(shortLabel('chat')).toBe('chat')
})
