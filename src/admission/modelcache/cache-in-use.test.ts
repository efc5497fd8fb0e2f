import { describe, expect, test } from 'vitest'
import { aClaim, aModelCache, aReadyCache, DIGEST, NAMESPACE } from '../../api/fixtures.ts'
import { type ConsumerPod, consumerPod } from '../../api/kubernetes/consumer-pod.ts'
import { ALLOW_DELETE_IN_USE, CACHE_READY_GATE, INJECTED } from '../../api/names.ts'
import { allow } from '../decision.ts'
import { aPolicy, aRequest, aView, findingsOf, reasonsOf, textOf } from '../fixtures.ts'
import { validateModelCache } from './validate.ts'

const LIST = { list: 'Pod', namespace: NAMESPACE }

/** A running pod that got a cache. */
function aConsumer({
  name = 'server',
  namespace = NAMESPACE,
  record = `llama=${DIGEST}` as string | undefined,
  claimName = 'modelcache--llama',
  phase = 'Running',
  gates = [] as string[],
} = {}): ConsumerPod {
  return consumerPod.parse({
    metadata: { name, namespace, annotations: record === undefined ? {} : { [INJECTED]: record } },
    spec: {
      containers: [{}],
      volumes: [{ name: 'model', persistentVolumeClaim: { claimName } }],
      schedulingGates: gates.map(gate => ({ name: gate })),
    },
    status: { phase },
  })
}

function remove(
  consumers: ConsumerPod[],
  { cache = aReadyCache() as unknown, namespace = {}, request = {} } = {},
) {
  const view = aView({ consumers, namespaces: [{ metadata: { name: NAMESPACE }, ...namespace }] })
  const review = aRequest({
    operation: 'DELETE',
    name: 'llama',
    object: null,
    oldObject: cache,
    ...request,
  })
  return validateModelCache(review, view, aPolicy())
}

describe('a cache that pods mount', () => {
  test('is not deleted, on the basis of the pods and of the namespace', () => {
    const decision = remove([aConsumer()])
    expect(reasonsOf(decision)).toEqual(['CacheInUse'])
    expect(textOf(decision)).toContain('pod server mounts ModelCache ml-team/llama')
    expect(textOf(decision)).toContain(
      'kubectl -n ml-team annotate modelcache/llama modelplane.ai/allow-delete-in-use=true',
    )
    expect(findingsOf(decision)[0]?.basis).toEqual([LIST, { kind: 'Namespace', name: NAMESPACE }])
  })

  test('names the workloads that would make the pods again', () => {
    const workloads = ['Deployment/chat', 'Pod/server', 'StatefulSet/batch']
    const cache = aReadyCache()
    const used = { ...cache, status: { ...cache.status, references: { count: 3, workloads } } }
    expect(textOf(remove([aConsumer()], { cache: used }))).toContain(
      'mounts ModelCache ml-team/llama, of Deployment/chat, StatefulSet/batch; delete those pods first',
    )
    const alone = {
      ...cache,
      status: { ...cache.status, references: { count: 1, workloads: ['Pod/server'] } },
    }
    expect(textOf(remove([aConsumer()], { cache: alone }))).toContain(
      'mounts ModelCache ml-team/llama; delete',
    )
  })

  test('names a few of many, in order', () => {
    const pods = ['e', 'd', 'c', 'b', 'a'].map(name => aConsumer({ name }))
    expect(textOf(remove(pods))).toContain('5 pods (a, b, c and 2 more) mount ModelCache')
  })

  test.each([
    ['by their volume alone, the record taken off', { record: undefined }],
    ['although they have not been scheduled yet', { phase: 'Pending' }],
    ['although another gate holds them', { gates: ['example.com/quota'] }],
    ['and another cache beside it', { record: `chat=${DIGEST},llama=${DIGEST}` }],
  ])('is not deleted: %s', (_, given) => {
    expect(reasonsOf(remove([aConsumer(given)]))).toEqual(['CacheInUse'])
  })

  test('is deleted while the pod runs that stages it', () => {
    expect(remove([aConsumer({ name: 'modelcache--llama-x7k2p', record: undefined })])).toMatchObject({
      allowed: true,
    })
  })

  test('is deleted when a record alone says that they do: anybody can write one', () => {
    expect(remove([aConsumer({ claimName: 'ops-staged' })])).toMatchObject({ allowed: true })
  })

  test.each([
    [undefined, 'CacheInUse'],
    ['other', undefined],
  ])('is held by its claim that people filled, and by its folder %s of it', (subPath, reason) => {
    const existingPVC = { name: 'ops-staged', ...(subPath && { subPath }) }
    const cache = aModelCache({ spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC } } })
    expect(reasonsOf(remove([aConsumer({ claimName: 'ops-staged' })], { cache }))).toEqual(
      reason ? [reason] : [],
    )
  })

  test('is not deleted by a request for the whole collection, which has no name', () => {
    expect(reasonsOf(remove([aConsumer()], { request: { name: '' } }))).toEqual(['CacheInUse'])
  })

  test('is not deleted although a newer version has written it', () => {
    const cache = { metadata: { name: 'llama' }, spec: { artifact: 7 } }
    expect(reasonsOf(remove([aConsumer()], { cache }))).toEqual(['CacheInUse'])
  })

  test.each([
    ['its owner says so', { cache: annotated('true') }],
    [
      'its deletion has begun',
      { cache: { ...aReadyCache(), metadata: { name: 'llama', deletionTimestamp: 'x' } } },
    ],
    ['its namespace is Terminating', { namespace: { status: { phase: 'Terminating' } } }],
    [
      'its namespace is being deleted',
      { namespace: { metadata: { name: NAMESPACE, deletionTimestamp: 'x' } } },
    ],
  ])('is deleted without a further look when %s', (_, given) => {
    expect(remove([aConsumer()], given)).toEqual(allow())
  })

  test('is not deleted by another value of the annotation', () => {
    expect(reasonsOf(remove([aConsumer()], { cache: annotated('yes') }))).toEqual(['CacheInUse'])
  })
})

describe('a cache that no pod mounts', () => {
  test.each<[string, ConsumerPod[]]>([
    ['there are none', []],
    ['they have succeeded', [aConsumer({ phase: 'Succeeded' })]],
    ['they have failed', [aConsumer({ phase: 'Failed' })]],
    ['they still wait for it', [aConsumer({ gates: [CACHE_READY_GATE] })]],
    ['they mount another', [aConsumer({ record: `llama-2=${DIGEST}`, claimName: 'modelcache--llama-2' })]],
    ['they are of another namespace', [aConsumer({ namespace: 'other' })]],
  ])('is deleted once a live read says so too: %s', (_, consumers) => {
    expect({ ...remove(consumers), warnings: [] }).toEqual(
      allow({ basis: [{ list: 'Pod', namespace: NAMESPACE }] }),
    )
  })
})

function annotated(value: string) {
  return aModelCache({ metadata: { annotations: { [ALLOW_DELETE_IN_USE]: value } } })
}

describe("a claim that is not the cache's own any more", () => {
  const claim = (metadata: object) =>
    aClaim({
      metadata: {
        name: 'modelcache--llama',
        ownerReferences: [{ kind: 'ModelCache', name: 'llama', uid: 'earlier', controller: true }],
        ...metadata,
      },
    })
  const removeBeside = (metadata: object, uid = 'later') => {
    const cache = aReadyCache()
    const view = aView({
      consumers: [aConsumer()],
      claims: [claim(metadata)],
      namespaces: [{ metadata: { name: NAMESPACE } }],
    })
    const oldObject = { ...cache, metadata: { ...cache.metadata, uid } }
    const request = aRequest({ operation: 'DELETE', name: 'llama', object: null, oldObject })
    return validateModelCache(request, view, aPolicy())
  }

  test('does not keep the cache: pods hold that of an earlier one', () => {
    expect(removeBeside({})).toMatchObject({ allowed: true })
  })

  test('does not keep the cache: the claim is going', () => {
    expect(removeBeside({ deletionTimestamp: '2031-01-01T00:00:00Z' }, 'earlier')).toMatchObject({
      allowed: true,
    })
  })

  test('keeps it as long as it is the own one', () => {
    expect(reasonsOf(removeBeside({}, 'earlier'))).toEqual(['CacheInUse'])
  })
})

describe('pods that have ended', () => {
  test('do not keep a cache, and its deletion says that they hold the claim', () => {
    const decision = remove([aConsumer({ name: 'bench', phase: 'Succeeded' })])
    const text =
      'pod bench has ended and still holds claim modelcache--llama; delete them, or the volume stays, and a new ModelCache of this name waits'
    expect(decision).toMatchObject({
      allowed: true,
      warnings: [{ violation: { reason: 'ClaimHeld', text } }],
    })
  })
})
