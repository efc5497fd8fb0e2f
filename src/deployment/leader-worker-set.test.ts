import { expect, test } from 'vitest'
import { z } from 'zod'
import { aModelDeployment } from '../api/fixtures.ts'
import { leaderWorkerSetOf } from './leader-worker-set.ts'
import { serviceOf } from './objects.ts'
import { rewiring } from './rewiring.ts'

const probe = { exec: { command: ['true'] } }
const given = aModelDeployment({
  metadata: { annotations: { 'leaderworkerset.sigs.k8s.io/exclusive-topology': 'rack' } },
  spec: {
    replicas: 3,
    workers: {
      topology: { strategy: 'TensorPipeline', tensor: 8, pipeline: 2 },
      template: { spec: { containers: [{ name: 'engine', readinessProbe: probe }, { name: 'proxy' }] } },
    },
    engine: { image: 'vllm/vllm-openai:v0.11.1', args: ['--model=/mnt/model'] },
  },
})
const { metadata, spec } = leaderWorkerSetOf(given)
const template = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()) }),
  spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string() })) }),
})
const { leaderTemplate, workerTemplate, size } = spec.leaderWorkerTemplate
const [leader, worker] = [leaderTemplate, workerTemplate].map(each => template.parse(each))

test('a gang has as many pods as the pipeline, and restarts as one', () => {
  expect(size).toBe(2)
  expect(spec).toMatchObject({
    replicas: 3,
    leaderWorkerTemplate: { restartPolicy: 'RecreateGroupOnPodRestart' },
    rolloutStrategy: { rollingUpdateConfiguration: { maxUnavailable: 1, maxSurge: 0 } },
  })
})

test('its Services have other names than ours', () => {
  expect(spec.networkConfig).toEqual({ subdomainPolicy: 'UniquePerReplica' })
})

test('all pods of a gang ask for the caches, and have the accelerators', () => {
  for (const pod of [leader, worker]) {
    expect(pod?.metadata.annotations).toMatchObject({ 'modelplane.ai/caches': 'llama' })
    expect(pod?.spec.containers.map(({ name }) => name)).toEqual(['engine', 'proxy'])
    expect(pod?.spec.containers[0]).toMatchObject({ resources: { limits: { 'nvidia.com/gpu': 8 } } })
  }
})

test('only the leader serves', () => {
  const engine = leader?.spec.containers[0]
  expect(engine).toMatchObject({ readinessProbe: probe, startupProbe: { httpGet: { path: '/health' } } })
  expect(engine).toMatchObject({ ports: [{ containerPort: 8000 }] })
  for (const field of ['startupProbe', 'readinessProbe', 'livenessProbe'])
    expect(worker?.spec.containers[0]).not.toHaveProperty(field)
  expect(serviceOf(given).spec.selector).toEqual({
    'modelplane.ai/modeldeployment': 'chat',
    'leaderworkerset.sigs.k8s.io/worker-index': '0',
  })
})

test('the annotation for a topology of its own goes along', () => {
  expect(metadata).toMatchObject({
    annotations: { 'leaderworkerset.sigs.k8s.io/exclusive-topology': 'rack' },
  })
})

test('people are told what was changed', () => {
  expect(rewiring(given, given)).toMatch(
    /^the leader runs with --tensor-parallel-size=8, .*; workers run with .*--headless$/,
  )
  const single = aModelDeployment({ spec: { engine: { image: 'a', args: ['--model=org/name'] } } })
  const wired = aModelDeployment({ spec: { engine: { image: 'a', args: ['--model=/mnt/model'] } } })
  expect(rewiring(single, wired)).toBe('the engine runs with --model=/mnt/model, without --model=org/name')
  expect(rewiring(single, single)).toBeUndefined()
})
