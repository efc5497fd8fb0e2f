import { describe, expect, test } from 'vitest'
import { aModelCache, aReadyCache, DIGEST, NAMESPACE } from '../../api/fixtures.ts'
import { type ConsumerPod, consumerPod } from '../../api/kubernetes/consumer-pod.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { CACHE_READY_GATE, INJECTED } from '../../api/names.ts'
import { snapshotFolder } from '../../api/volume-layout.ts'
import { type GateLift, gateLift } from './gate-lift.ts'

const OLD = `sha256:${'01'.repeat(32)}`
const TOLD = 'digest.modelplane.ai/modelcache--llama'

function aWaitingPod({
  record = 'llama=pending',
  gated = true,
  name = 'server',
  claimName = 'modelcache--llama',
  mountPath = '/mnt/model',
  folder = { subPathExpr: 'snapshots/$(MODELCACHE__LLAMA_DIGEST)' } as object,
} = {}): ConsumerPod {
  return consumerPod.parse({
    metadata: { name, namespace: NAMESPACE, resourceVersion: '7', annotations: { [INJECTED]: record } },
    spec: {
      containers: [{ volumeMounts: [{ name: 'model', mountPath, ...folder }] }],
      volumes: [{ name: 'model', persistentVolumeClaim: { claimName } }],
      schedulingGates: gated ? [{ name: 'example.com/other' }, { name: CACHE_READY_GATE }] : [],
    },
  })
}

function outcome(pod: ConsumerPod, caches: ModelCache[], leader?: ConsumerPod): GateLift | undefined {
  return gateLift(pod, { cache: name => caches.find(({ metadata }) => metadata.name === name), leader })
}

function lift(...given: Parameters<typeof outcome>): object | undefined {
  const found = outcome(...given)
  if (found && !('patch' in found)) throw new Error(JSON.stringify(found))
  return found?.patch
}

const annotations = (change: object | undefined) =>
  (change as { metadata: { annotations: object } }).metadata.annotations

test('a pod whose cache is Ready is told its digest, and our gate alone is lifted, of that version of the pod', () => {
  expect(lift(aWaitingPod(), [aReadyCache()])).toEqual({
    metadata: {
      resourceVersion: '7',
      annotations: { [TOLD]: snapshotFolder(DIGEST), [INJECTED]: `llama=${DIGEST}` },
    },
    spec: { schedulingGates: [{ $patch: 'delete', name: CACHE_READY_GATE }] },
  })
})

test('what was mounted at admission stays as recorded', () => {
  const record = `chat=${OLD},llama=pending`
  const caches = [aReadyCache(), aReadyCache({ name: 'chat' })]
  expect(annotations(lift(aWaitingPod({ record }), caches))).toEqual({
    [TOLD]: snapshotFolder(DIGEST),
    [INJECTED]: `chat=${OLD},llama=${DIGEST}`,
  })
})

test('a claim that people filled has no digest to tell', () => {
  const filled = aModelCache({
    spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops' } } },
    status: aReadyCache().status,
  })
  expect(
    annotations(lift(aWaitingPod({ record: 'llama=pvc/ops', claimName: 'ops', folder: {} }), [filled])),
  ).toEqual({
    [INJECTED]: 'llama=pvc/ops',
  })
})

describe('a pod waits on', () => {
  const hydrating = aModelCache({ name: 'chat', status: { phase: 'Hydrating', progress: '62%' } })
  test.each<[string, ModelCache[], string]>([
    ['while its cache is not Ready', [aModelCache()], 'llama, which is Pending;'],
    ['while its cache is gone', [], 'llama, which does not exist;'],
    ['while another of its caches is not Ready', [aReadyCache(), hydrating], 'chat, which is Hydrating;'],
  ])('%s, and says so', (_, caches, words) => {
    const waits = expect.stringContaining(`waits for ModelCache ${words}`)
    expect(outcome(aWaitingPod({ record: 'llama=pending,chat=pending' }), caches)).toEqual({ waits })
  })

  test('while its leader waits', () => {
    const waits = expect.stringContaining('waits for its leader leader')
    expect(outcome(aWaitingPod(), [aReadyCache()], aWaitingPod({ name: 'leader' }))).toEqual({ waits })
  })
})

test('a pod that does not wait is left alone', () => {
  expect(lift(aWaitingPod({ gated: false }), [aReadyCache()])).toBeUndefined()
})

test('a worker is told what its leader was, though the cache was fetched again or is no longer Ready', () => {
  const folder = { subPathExpr: 'snapshots/$(MODELCACHE__LLAMA_DIGEST)' }
  const leader = aWaitingPod({ name: 'leader', record: `llama=${OLD}`, gated: false, folder })
  const snapshots = [{ digest: OLD }]
  const notReady = aModelCache({ status: { claimName: 'modelcache--llama', snapshots } })
  for (const cache of [aReadyCache({ snapshots }), notReady]) {
    expect(annotations(lift(aWaitingPod(), [cache], leader))).toEqual({
      [TOLD]: snapshotFolder(OLD),
      [INJECTED]: `llama=${OLD}`,
    })
  }
})

describe('a pod whose cache was made again is not let go onto what it mounts, and is told why:', () => {
  const existing = (claim: object, path = '/mnt/model') =>
    aModelCache({
      spec: {
        artifact: {},
        mount: { path },
        storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops', ...claim } },
      },
      status: aReadyCache().status,
    })
  const onOps = (given: object = {}) =>
    aWaitingPod({ record: 'llama=pvc/ops', claimName: 'ops', folder: {}, ...given })

  test.each<[string, ConsumerPod, ModelCache]>([
    ['with another claim', onOps({ claimName: 'claim-a', record: 'llama=pvc/claim-a' }), existing({})],
    ['with another folder', onOps(), existing({ subPath: 'llama' })],
    ['at another path', onOps(), existing({}, '/mnt/other')],
    ['with a claim of its own', onOps(), aReadyCache()],
    ['on its own claim, at another path', aWaitingPod({ mountPath: '/mnt/other' }), aReadyCache()],
  ])('%s', (_, pod, cache) => {
    expect(outcome(pod, [cache])).toEqual({
      misfit: expect.stringContaining('delete this pod and create it again'),
    })
  })

  test('but spellings of a folder and a path that mean the same are the same', () => {
    const pod = onOps({ folder: { subPath: './llama/' }, mountPath: '/mnt//model/' })
    expect(outcome(pod, [existing({ subPath: 'llama' })])).toHaveProperty('patch')
  })
})
