import { describe, expect, test } from 'vitest'
import {
  aClaim,
  aContainer,
  aModelCache,
  aPod,
  aReadyCache,
  DIGEST,
  NAMESPACE,
  SNAPSHOT,
} from '../../api/fixtures.ts'
import type { Pod } from '../../api/kubernetes/pod.ts'
import { CACHE_CONTAINERS, CACHES, INJECTED } from '../../api/names.ts'
import { applied, disturbances } from '../../injection/fixtures.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision } from '../decision.ts'
import { aRequest, aView, findingsOf, reasonsOf, textOf } from '../fixtures.ts'
import { mutatePod } from './mutate.ts'

const READY = aView({ caches: [aReadyCache()] })

function create(pod: unknown, view: ClusterView = READY): Decision {
  return mutatePod(aRequest({ object: pod }), view)
}

function patched(pod: object, view = READY): unknown {
  const decision = create(pod, view)
  if (!decision.allowed) throw new Error(JSON.stringify(decision))
  return applied(pod, decision.patch)
}

describe('a pod whose cache says which claim was staged', () => {
  const ready = aReadyCache()
  const caches = [{ ...ready, status: { ...ready.status, claimUID: 'staged' } }]
  const claimOf = (uid: string) => aClaim({ name: 'modelcache--llama', metadata: { uid } })

  test('gets it while that claim is there', () => {
    expect(create(aPod(), aView({ caches, claims: [claimOf('staged')] }))).toMatchObject({ allowed: true })
  })

  test.each([
    ['is gone', []],
    ['is another one', [claimOf('another')]],
  ])('is denied when the claim %s, which is confirmed by a live read', (_, claims) => {
    const decision = create(aPod(), aView({ caches, claims }))
    expect(reasonsOf(decision)).toEqual(['CacheNotReady'])
    expect(textOf(decision)).toContain('claim modelcache--llama was deleted or replaced')
    expect(findingsOf(decision)[0]?.basis).toContainEqual({
      kind: 'PersistentVolumeClaim',
      namespace: NAMESPACE,
      name: 'modelcache--llama',
    })
  })
})

describe('a pod whose caches are Ready', () => {
  test('is admitted with their mounts', () => {
    expect(patched(aPod())).toMatchObject({
      metadata: { annotations: { [INJECTED]: `llama=${DIGEST}` } },
      spec: {
        volumes: [{ persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly: true } }],
        containers: [{ volumeMounts: [{ mountPath: '/mnt/model', readOnly: true, subPath: SNAPSHOT }] }],
      },
    })
  })

  test('has nothing else changed', () => {
    const { spec, ...pod } = aPod({ spec: { nodeSelector: { pool: 'gpu' }, tolerations: null } })
    const withNull = { ...pod, spec: { ...spec, volumes: null } }
    expect(disturbances(withNull, patched(withNull))).toEqual([])
  })

  test.each([undefined, ''])('is looked up in the namespace of the request when its own is %j', namespace => {
    expect(create(aPod({ metadata: { namespace } }))).toMatchObject({ allowed: true })
    expect(patched(aPod({ metadata: { namespace } }))).toMatchObject({
      metadata: { annotations: { [INJECTED]: `llama=${DIGEST}` } },
    })
  })

  test('of another namespace does not get them', () => {
    const request = aRequest({ object: aPod(), namespace: 'other' })
    const decision = mutatePod(request, READY)
    expect(reasonsOf(decision)).toEqual(['CacheNotFound'])
    expect(textOf(decision)).toContain('other/llama')
  })

  test('gets the same answer in a dry run', () => {
    expect(mutatePod(aRequest({ object: aPod(), dryRun: true }), READY)).toEqual(create(aPod()))
  })

  test('is answered with no patch when it comes back for reinvocation', () => {
    expect(create(patched(aPod()))).toEqual(allow())
  })
})

test('the pods of one gang get the same volume, snapshot and record', () => {
  const shared = { 'leaderworkerset.sigs.k8s.io/name': 'llama' }
  const record = (pod: Pod) => {
    const { metadata, spec } = patched(pod) as Pod
    return [metadata.annotations?.[INJECTED], spec.volumes, spec.containers[0]?.volumeMounts]
  }
  const leader = aPod({ metadata: { labels: shared } })
  const worker = aPod({
    metadata: { labels: shared },
    spec: { containers: [aContainer({ name: 'vllm-worker' })] },
  })
  expect(record(worker)).toEqual(record(leader))
})

describe('nothing is done to', () => {
  test.each([
    ['a pod without annotations', { ...aPod(), metadata: {} }],
    ['a pod with null annotations', { ...aPod(), metadata: { annotations: null } }],
    ['a pod with other annotations', { ...aPod(), metadata: { annotations: { [INJECTED]: 'x' } } }],
  ])('%s', (_, pod) => {
    expect(create(pod, aView())).toEqual(allow())
  })

  test.each(['UPDATE', 'DELETE', 'CONNECT'])('a pod on %s', operation => {
    expect(mutatePod(aRequest({ operation, object: aPod() }), aView())).toEqual(allow())
  })

  test.each(['ephemeralcontainers', 'binding', 'exec'])('subresource %s', subResource => {
    expect(mutatePod(aRequest({ subResource, object: aPod() }), aView())).toEqual(allow())
  })
})

describe('a pod is denied', () => {
  test.each<[string, unknown]>([
    ['null', null],
    ['without a spec', { metadata: { annotations: { [CACHES]: 'llama' } } }],
    ['with containers that are no list', { ...aPod(), spec: { containers: {} } }],
    ['with a mount without a path', aPodWithMount({ name: 'x' })],
  ])('as SpecInvalid when it is %s', (_, pod) => {
    const decision = create(pod)
    expect(reasonsOf(decision)).toEqual(['SpecInvalid'])
    expect(textOf(decision)).toContain('not a Pod')
  })

  test('as ReferenceInvalid by its annotation alone', () => {
    const decision = create(aPod({ caches: 'llama,llama' }))
    expect(findingsOf(decision)).toMatchObject([{ violation: { reason: 'ReferenceInvalid' }, basis: [] }])
  })

  test('as CacheNotFound on the basis of that cache, with the way to list caches', () => {
    const decision = create(aPod(), aView())
    expect(findingsOf(decision)).toMatchObject([
      {
        violation: { reason: 'CacheNotFound', field: `metadata.annotations[${CACHES}]` },
        basis: [{ kind: 'ModelCache', namespace: NAMESPACE, name: 'llama' }],
      },
    ])
    expect(textOf(decision)).toContain('there is no ModelCache ml-team/llama')
    expect(textOf(decision)).toContain('kubectl -n ml-team get modelcaches')
  })

  test.each([
    ['is not Ready', aModelCache()],
    ['has failed', aModelCache({ status: { phase: 'Failed' } })],
    [
      'is being deleted',
      { ...aReadyCache(), metadata: { ...aReadyCache().metadata, deletionTimestamp: 'x' } },
    ],
  ])('as CacheNotReady on the basis of the cache when it %s', (_, cache) => {
    expect(findingsOf(create(aPod(), aView({ caches: [cache] })))).toMatchObject([
      {
        violation: { reason: 'CacheNotReady', field: `metadata.annotations[${CACHES}]` },
        basis: [{ kind: 'ModelCache', namespace: NAMESPACE, name: 'llama' }],
      },
    ])
  })

  test('for all its caches in one answer, each with its own basis, and no patch for those that are Ready', () => {
    const caches = [aReadyCache(), aModelCache({ name: 'slow' })]
    const decision = create(aPod({ caches: 'llama,gone,slow,lost' }), aView({ caches }))
    const found = findingsOf(decision)
    expect(found.map(({ violation, basis }) => [violation.reason, basis])).toEqual([
      ['CacheNotFound', [{ kind: 'ModelCache', namespace: NAMESPACE, name: 'gone' }]],
      ['CacheNotReady', [{ kind: 'ModelCache', namespace: NAMESPACE, name: 'slow' }]],
      ['CacheNotFound', [{ kind: 'ModelCache', namespace: NAMESPACE, name: 'lost' }]],
    ])
    expect(decision).not.toHaveProperty('patch')
  })

  test('as MountPathConflict when it leaves no room for a mount', () => {
    const decision = create(aPodWithMount({ name: 'x', mountPath: '/mnt' }))
    expect(reasonsOf(decision)).toEqual(['MountPathConflict'])
  })

  test('as MountPathConflict when two of its caches want one path', () => {
    const view = aView({ caches: [aReadyCache(), aReadyCache({ name: 'other' })] })
    expect(reasonsOf(create(aPod({ caches: 'llama,other' }), view))).toEqual(['MountPathConflict'])
  })

  test('as ReferenceInvalid when it names a container that it does not have', () => {
    const pod = aPod({ metadata: { annotations: { [CACHE_CONTAINERS]: 'gone' } } })
    expect(reasonsOf(create(pod))).toEqual(['ReferenceInvalid'])
  })
})

function aPodWithMount(volumeMount: unknown): unknown {
  return { ...aPod(), spec: { containers: [{ ...aContainer(), volumeMounts: [volumeMount] }] } }
}
