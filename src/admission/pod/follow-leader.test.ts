import { describe, expect, test } from 'vitest'
import { aModelCache, aPod, aReadyCache, DIGEST, NAMESPACE } from '../../api/fixtures.ts'
import { type ConsumerPod, consumerPod } from '../../api/kubernetes/consumer-pod.ts'
import { LEADER_NAME } from '../../api/kubernetes/leader-worker-set.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { CACHE_READY_GATE, INJECTED, NOT_READY } from '../../api/names.ts'
import { snapshotPath } from '../../api/volume-layout.ts'
import { applied } from '../../injection/fixtures.ts'
import { allow, type Decision } from '../decision.ts'
import { aPolicy, aRequest, aView, findingsOf, reasonsOf } from '../fixtures.ts'
import { mutatePod } from './mutate.ts'
import { validatePod } from './validate.ts'

const OLD = `sha256:${'01'.repeat(32)}`
const FORGED = `sha256:${'02'.repeat(32)}`
const PENDING = 'snapshots/$(MODELCACHE__LLAMA_DIGEST)'
const filled = (status?: ModelCache['status']) =>
  aModelCache({
    spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged' } } },
    status,
  })

/** A leader pod as it was admitted. */
function aLeader({
  record = `llama=${OLD}`,
  claimName = 'modelcache--llama',
  folder = { subPath: snapshotPath(OLD) } as object,
  gated = false,
} = {}): ConsumerPod {
  return consumerPod.parse({
    metadata: { name: 'gang-0', namespace: NAMESPACE, annotations: { [INJECTED]: record } },
    spec: {
      containers: [{ volumeMounts: [{ name: 'model', ...folder }] }],
      volumes: [{ name: 'model', persistentVolumeClaim: { claimName } }],
      schedulingGates: gated ? [{ name: CACHE_READY_GATE }] : [],
    },
  })
}

function aWorker({ waits = false } = {}) {
  const annotations = { [LEADER_NAME]: 'gang-0', ...(waits && { [NOT_READY]: 'Gate' }) }
  return aPod({ metadata: { annotations } })
}

function decide(worker: unknown, cache: ModelCache, leader?: ConsumerPod): Decision {
  return mutatePod(
    aRequest({ object: worker }),
    aView({ caches: [cache], consumers: leader ? [leader] : [] }),
  )
}

function mountOf(decision: Decision): unknown {
  if (!decision.allowed) throw new Error(JSON.stringify(decision))
  const { spec } = applied(aWorker(), decision.patch) as ReturnType<typeof aPod>
  return spec.containers[0]?.volumeMounts?.[0]
}

const snapshots = [{ digest: OLD }]
const notReady = aModelCache({
  status: { phase: 'Hydrating', claimName: 'modelcache--llama', snapshots },
})
/** The cache was fetched again, so new pods do not get the leader's snapshot. */
const refetched = aReadyCache({ snapshots })

describe('a worker follows its leader', () => {
  test.each([
    ['the cache was fetched again', refetched],
    ['the cache is no longer Ready', notReady],
    [
      'the cache is being deleted',
      { ...notReady, metadata: { ...notReady.metadata, deletionTimestamp: 'x' } },
    ],
  ])('to its digest, although %s', (_, cache) => {
    const decision = decide(aWorker(), cache, aLeader())
    expect(mountOf(decision)).toMatchObject({ subPath: snapshotPath(OLD) })
    expect(decision).toMatchObject({ basis: [] })
  })

  test('and so passes the validating webhook, and a second call', () => {
    const cache = refetched
    const view = aView({ caches: [cache], consumers: [aLeader()] })
    const decision = decide(aWorker(), cache, aLeader())
    const stored = applied(aWorker(), decision.allowed ? decision.patch : [])
    expect(validatePod(aRequest({ object: stored }), view, aPolicy())).toEqual(allow())
    expect(mutatePod(aRequest({ object: stored }), view)).toEqual(allow())
  })

  test('to a claim that people filled, although it is not Ready now', () => {
    const leader = aLeader({ record: 'llama=pvc/ops-staged', claimName: 'ops-staged', folder: {} })
    expect(mountOf(decide(aWorker(), filled(), leader))).toMatchObject({ mountPath: '/mnt/model' })
  })

  test('that has waited and learnt its digest from the controller', () => {
    const leader = aLeader({ folder: { subPathExpr: PENDING } })
    expect(mountOf(decide(aWorker(), refetched, leader))).toMatchObject({ subPath: snapshotPath(OLD) })
  })

  test('to the gate, even when the cache is Ready by now: the two learn one digest', () => {
    const leader = aLeader({ record: 'llama=pending', folder: { subPathExpr: PENDING }, gated: true })
    const decision = decide(aWorker({ waits: true }), refetched, leader)
    expect(mountOf(decision)).toMatchObject({ subPathExpr: PENDING })
  })
})

describe('a worker is judged like any other pod', () => {
  const ready = { subPath: snapshotPath(DIGEST) }

  test.each([
    ['was given another cache', aLeader({ record: `chat=${OLD}` })],
    ['does not mount what its record says', aLeader({ folder: { subPath: 'snapshots/other' } })],
    ['mounts that folder of another claim', aLeader({ claimName: 'modelcache--other' })],
    [
      'has a record that is no digest',
      aLeader({ record: 'llama=../x', folder: { subPath: 'snapshots/../x' } }),
    ],
    [
      'has a digest that status does not know',
      aLeader({ record: `llama=${FORGED}`, folder: { subPath: snapshotPath(FORGED) } }),
    ],
    ['waits, and the worker would rather not', aLeader({ record: 'llama=pending', gated: true })],
  ])('when its leader %s', (_, leader) => {
    expect(mountOf(decide(aWorker(), refetched, leader))).toMatchObject(ready)
    expect(reasonsOf(decide(aWorker(), notReady, leader))).toEqual(['CacheNotReady'])
  })

  test('when its leader still waits for a claim that people fill', () => {
    const leader = aLeader({ record: 'llama=pvc/ops-staged', claimName: 'ops-staged', gated: true })
    expect(reasonsOf(decide(aWorker(), filled(), leader))).toEqual(['CacheNotReady'])
  })

  test('when the watch does not show its leader, after a live read of it', () => {
    const basis = [{ kind: 'Pod', namespace: NAMESPACE, name: 'gang-0' }]
    expect(decide(aWorker(), refetched)).toMatchObject({ allowed: true, basis })
    expect(findingsOf(decide(aWorker(), notReady))[0]?.basis).toEqual(expect.arrayContaining(basis))
  })
})
