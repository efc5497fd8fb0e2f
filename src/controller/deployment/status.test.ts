import { expect, test } from 'vitest'
import { condensedDeployment } from '../../api/condensed-deployment.ts'
import { aCondition, aModelCache, aModelDeployment, aReadyCache } from '../../api/fixtures.ts'
import { servingWorkload } from '../../api/kubernetes/serving-objects.ts'
import { type SeenDeployment, statusOf } from './status.ts'
import { transition } from './transition.ts'

const NOW = Date.parse('2031-05-04T04:00:00Z')
const ready = { name: 'llama', cache: aReadyCache() }
const hydrating = {
  name: 'llama',
  cache: aModelCache({
    status: {
      phase: 'Hydrating',
      progress: '62%',
      conditions: [aCondition('Ready', 'False', { reason: 'Hydrating', message: 'Job writes' })],
    },
  }),
}

function workload(status: object, generation = 1) {
  return servingWorkload.parse({
    metadata: { name: 'chat', namespace: 'ml-team', uid: 'w', generation },
    status: { observedGeneration: generation, ...status },
  })
}
const serving = workload({ replicas: 2, readyReplicas: 2, updatedReplicas: 2 })

function statusWith(given: Partial<SeenDeployment>) {
  const deployment = condensedDeployment(aModelDeployment({ spec: { replicas: 2 } }))
  const status = statusOf({ deployment, caches: [ready], workload: serving, now: NOW, ...given })
  const of = (type: string) => {
    const found = status.conditions?.find(condition => condition.type === type)
    return found && `${found.status} ${found.reason}: ${found.message}`
  }
  return {
    ...status,
    available: of('Available'),
    cachesReady: of('CachesReady'),
    progressing: of('Progressing'),
  }
}

test('all instances serve', () => {
  expect(statusWith({})).toMatchObject({
    observedGeneration: 1,
    replicas: 2,
    readyReplicas: 2,
    ready: '2/2',
    caches: '1/1',
    selector: 'modelplane.ai/modeldeployment=chat',
    workload: { kind: 'Deployment', name: 'chat' },
    available: 'True AllServe: 2 of 2 serve',
    cachesReady: 'True Ready: all caches are Ready',
    progressing: 'False Complete: all instances run the present spec',
  })
})

test.each<[string, Partial<SeenDeployment>, object]>([
  [
    'nothing is there yet',
    { workload: undefined },
    {
      available: 'False Starting: 0 of 2 serve',
      progressing: 'True Creating: its objects are being created',
    },
  ],
  [
    'a cache is on its way',
    { caches: [hydrating], workload: workload({ replicas: 2 }) },
    {
      caches: '0/1',
      cachesReady: 'False CacheNotReady: llama is Hydrating 62% (Hydrating: Job writes)',
      available: 'False CacheNotReady: 0 of 2 serve; llama is Hydrating 62% (Hydrating: Job writes)',
    },
  ],
  [
    'a cache is missing',
    { caches: [{ name: 'lama', cache: undefined }] },
    { cachesReady: 'False CacheNotFound: there is no ModelCache lama in namespace ml-team; create it' },
  ],
  [
    'a pod says why it does not serve',
    {
      workload: workload({ replicas: 2, readyReplicas: 1, updatedReplicas: 2 }),
      trouble: 'pod chat-x: Unschedulable, "0/1 nodes are available"',
    },
    {
      available: 'False PodsNotReady: 1 of 2 serve; pod chat-x: Unschedulable, "0/1 nodes are available"',
      progressing: 'True RollingOut: 2 of 2 run the present spec',
    },
  ],
  [
    'a rollout stands still',
    {
      workload: workload({
        replicas: 2,
        readyReplicas: 1,
        updatedReplicas: 1,
        conditions: [
          {
            type: 'Progressing',
            status: 'False',
            reason: 'ProgressDeadlineExceeded',
            message: 'it timed out',
          },
        ],
      }),
    },
    { progressing: 'False Stuck: it timed out' },
  ],
  [
    'a spec that its Deployment does not show yet',
    { workload: { ...serving, metadata: { ...serving.metadata, generation: 2 } } },
    { available: 'True AllServe: 2 of 2 serve', progressing: 'True RollingOut: 2 of 2 run the present spec' },
  ],
  [
    'a name that somebody else has',
    { workload: undefined, obstacle: { reason: 'NameTaken', message: 'there is a Service chat' } },
    {
      available: 'False NameTaken: there is a Service chat',
      progressing: 'False Stuck: there is a Service chat',
    },
  ],
  [
    'no caches and no instances',
    {
      caches: [],
      deployment: condensedDeployment(aModelDeployment({ spec: { replicas: 0, caches: [] } })),
      workload: workload({}),
    },
    {
      ready: '0/0',
      available: 'True AllServe: 0 of 0 serve',
      cachesReady: 'True NoCaches: it names no caches',
      progressing: 'False Complete: all instances run the present spec',
    },
  ],
])('%s', (_, given, expected) => {
  expect(statusWith(given)).toMatchObject(expected)
})

test('instances of a pipeline are gangs, and autoscalers look at their leaders', () => {
  const workers = { topology: { strategy: 'TensorPipeline', tensor: 8, pipeline: 2 } } as const
  const deployment = condensedDeployment(aModelDeployment({ spec: { replicas: 2, workers } }))
  expect(statusWith({ deployment, bootstrap: 'VLLM' })).toMatchObject({
    ready: '2/2',
    selector: 'modelplane.ai/modeldeployment=chat,leaderworkerset.sigs.k8s.io/worker-index=0',
    workload: { kind: 'LeaderWorkerSet', name: 'chat', bootstrap: 'VLLM' },
  })
})

test('an Event says that it serves, and what newly keeps it from that', () => {
  const serves = statusWith({})
  const waits = statusWith({ caches: [hydrating], workload: workload({}) })
  const fails = statusWith({ workload: workload({}), trouble: 'pod x: ImagePullBackOff' })
  expect(transition(undefined, serves)).toMatchObject({ type: 'Normal', reason: 'AllServe' })
  expect(transition(serves, serves)).toBeUndefined()
  expect(transition(serves, waits)).toMatchObject({ type: 'Normal', reason: 'CacheNotReady' })
  expect(transition(waits, fails)).toMatchObject({ type: 'Warning', reason: 'PodsNotReady' })
})

test('a cache that is Ready in other clusters alone is of no use here', () => {
  const { status = {}, ...cache } = aReadyCache()
  const { claimName, ...elsewhere } = status
  expect(statusWith({ caches: [{ name: 'llama', cache: { ...cache, status: elsewhere } }] })).toMatchObject({
    caches: '0/1',
    cachesReady: 'False CacheNotReady: llama is staged in other clusters alone (spec.clusterSelector)',
  })
})
