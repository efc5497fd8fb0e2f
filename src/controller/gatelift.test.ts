import { describe, expect, test } from 'vitest'
import { CACHE_READY_GATE, INJECTED } from '../api/annotations.ts'
import { type ConsumerPod, consumerPod } from '../api/consumerpod.ts'
import { aModelCache, aReadyCache, DIGEST, NAMESPACE } from '../api/fixtures.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { gateLift } from './gatelift.ts'

const OLD = `sha256:${'01'.repeat(32)}`
const TOLD = 'digest.modelplane.ai/modelcache--llama'

function aWaitingPod({
  record = 'llama=pending',
  gated = true,
  name = 'server',
  folder = {},
} = {}): ConsumerPod {
  return consumerPod.parse({
    metadata: { name, namespace: NAMESPACE, resourceVersion: '7', annotations: { [INJECTED]: record } },
    spec: {
      containers: [{ volumeMounts: [{ name: 'model', ...folder }] }],
      volumes: [{ name: 'model', persistentVolumeClaim: { claimName: 'modelcache--llama' } }],
      schedulingGates: gated ? [{ name: 'example.com/other' }, { name: CACHE_READY_GATE }] : [],
    },
  })
}

function lift(pod: ConsumerPod, caches: ModelCache[], leader?: ConsumerPod): object | undefined {
  return gateLift(pod, { cache: name => caches.find(({ metadata }) => metadata.name === name), leader })
}

const annotations = (change: object | undefined) =>
  (change as { metadata: { annotations: object } }).metadata.annotations

test('a pod whose cache is Ready is told its digest, and our gate alone is lifted, of that version of the pod', () => {
  expect(lift(aWaitingPod(), [aReadyCache()])).toEqual({
    metadata: { resourceVersion: '7', annotations: { [TOLD]: DIGEST, [INJECTED]: `llama=${DIGEST}` } },
    spec: { schedulingGates: [{ $patch: 'delete', name: CACHE_READY_GATE }] },
  })
})

test('what was mounted at admission stays as recorded', () => {
  const record = `chat=${OLD},llama=pending`
  const caches = [aReadyCache(), aReadyCache({ name: 'chat' })]
  expect(annotations(lift(aWaitingPod({ record }), caches))).toEqual({
    [TOLD]: DIGEST,
    [INJECTED]: `chat=${OLD},llama=${DIGEST}`,
  })
})

test('a claim that people filled has no digest to tell', () => {
  const filled = aModelCache({
    spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops' } } },
    status: aReadyCache().status,
  })
  expect(annotations(lift(aWaitingPod({ record: 'llama=pvc/ops' }), [filled]))).toEqual({
    [INJECTED]: 'llama=pvc/ops',
  })
})

describe('a pod waits on', () => {
  test.each<[string, ModelCache[]]>([
    ['while its cache is not Ready', [aModelCache()]],
    ['while its cache is gone', []],
    ['while another of its caches is not Ready', [aReadyCache(), aModelCache({ name: 'chat' })]],
  ])('%s', (_, caches) => {
    expect(lift(aWaitingPod({ record: 'llama=pending,chat=pending' }), caches)).toBeUndefined()
  })

  test('while its leader waits', () => {
    expect(lift(aWaitingPod(), [aReadyCache()], aWaitingPod({ name: 'leader' }))).toBeUndefined()
  })
})

test('a pod that does not wait is left alone', () => {
  expect(lift(aWaitingPod({ gated: false }), [aReadyCache()])).toBeUndefined()
})

test('a worker is told what its leader was, though the cache was fetched again or is no longer Ready', () => {
  const folder = { subPathExpr: 'snapshots/$(MODELCACHE__LLAMA_DIGEST)' }
  const leader = aWaitingPod({ name: 'leader', record: `llama=${OLD}`, gated: false, folder })
  for (const cache of [aReadyCache(), aModelCache({ status: { claimName: 'modelcache--llama' } })]) {
    expect(annotations(lift(aWaitingPod(), [cache], leader))).toEqual({
      [TOLD]: OLD,
      [INJECTED]: `llama=${OLD}`,
    })
  }
})
