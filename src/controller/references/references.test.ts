import { describe, expect, test, vi } from 'vitest'
import { consumerPod } from '../../api/kubernetes/consumer-pod.ts'
import { emptyStores } from '../../cluster/fixtures.ts'
import { ApiError } from '../../kube/rest.ts'
import { referencesOf } from './references.ts'
import { createTopOwner } from './top-owner.ts'
import { indexUsers } from './users-index.ts'

const { signal } = new AbortController()
const controller = (kind: string, name: string) => ({
  kind,
  name,
  uid: `uid-of-${kind}-${name}`,
  controller: true,
})

/** As the API server sends it. */
function sent(name: string, owner?: object, given: { record?: string; phase?: string } = {}) {
  return {
    metadata: {
      name,
      namespace: 'team',
      uid: `uid-of-Pod-${name}`,
      annotations: { 'modelplane.ai/injected': given.record ?? 'llama=sha256:1' },
      ...(owner && { ownerReferences: [owner] }),
    },
    spec: { containers: [] },
    status: { phase: given.phase ?? 'Running' },
  }
}
const pod = (...given: Parameters<typeof sent>) => consumerPod.parse(sent(...given))

/** An API server in which each object has this owner. */
function serving(objects: Record<string, object | undefined>) {
  const get = vi.fn(async (path: string) => {
    const [plural = '', name = ''] = path.split('/').slice(-2)
    const key = `${plural}/${name}`
    if (!(key in objects)) throw new ApiError(404, 'NotFound', 'not found')
    const owner = objects[key]
    const kind = { replicasets: 'ReplicaSet', statefulsets: 'StatefulSet', jobs: 'Job', pods: 'Pod' }[plural]
    const uid = `uid-of-${kind ?? { deployments: 'Deployment', leaderworkersets: 'LeaderWorkerSet' }[plural]}-${name}`
    return { metadata: { uid, ...(owner && { ownerReferences: [owner] }) } }
  })
  return { get, topOwner: createTopOwner({ rest: { get }, signal }) }
}

const GANG = {
  'statefulsets/gang-0': controller('Pod', 'gang-0'),
  'pods/gang-0': controller('StatefulSet', 'gang'),
  'statefulsets/gang': controller('LeaderWorkerSet', 'gang'),
  'leaderworkersets/gang': controller('ModelDeployment', 'gang'),
}

describe('a cache is used by', () => {
  test.each<[string, object | undefined, Record<string, object | undefined>, string]>([
    ['a pod of its own', undefined, {}, 'Pod/one'],
    [
      'a Deployment',
      controller('ReplicaSet', 'web-1'),
      { 'replicasets/web-1': controller('Deployment', 'web'), 'deployments/web': undefined },
      'Deployment/web',
    ],
    ['a gang, by its worker', controller('StatefulSet', 'gang-0'), GANG, 'ModelDeployment/gang'],
    [
      'a CronJob',
      controller('Job', 'night-1'),
      { 'jobs/night-1': controller('CronJob', 'night') },
      'CronJob/night',
    ],
    ['a kind of an operator', controller('RayCluster', 'ray'), {}, 'RayCluster/ray'],
    ['an owner that is gone', controller('ReplicaSet', 'gone'), {}, 'ReplicaSet/gone'],
  ])('%s', async (_, owner, objects, expected) => {
    const { topOwner } = serving(objects)
    expect(await referencesOf([pod('one', owner)], 'team', topOwner)).toEqual({
      count: 1,
      workloads: [expected],
    })
  })

  test('nobody', async () => {
    expect(await referencesOf([], 'team', serving({}).topOwner)).toBeUndefined()
  })

  test('many, of which a hundred are named, in order', async () => {
    const pods = Array.from({ length: 150 }, (_, index) => pod(`p${String(index).padStart(3, '0')}`))
    const { get, topOwner } = serving({})
    const found = await referencesOf(pods.toReversed(), 'team', topOwner)
    expect(get).not.toHaveBeenCalled()
    expect(found?.count).toBe(150)
    expect(found?.workloads).toHaveLength(100)
    expect(found?.workloads.slice(0, 2)).toEqual(['Pod/p000', 'Pod/p001'])
  })
})

test('an owner is read once for all its pods, and an answer that fails is no answer', async () => {
  const { get, topOwner } = serving(GANG)
  const workers = ['a', 'b'].map(name => pod(name, controller('StatefulSet', 'gang-0')))
  await referencesOf(workers, 'team', topOwner)
  await referencesOf(workers, 'team', topOwner)
  expect(get).toHaveBeenCalledTimes(4)
  get.mockRejectedValueOnce(new ApiError(500, 'InternalError', 'no'))
  const other = pod('c', controller('ReplicaSet', 'web'))
  await expect(referencesOf([other], 'team', topOwner)).rejects.toThrow('no')
  expect(await referencesOf([other], 'team', topOwner)).toMatchObject({ workloads: ['ReplicaSet/web'] })
})

test('the index follows pods that come, end and go', () => {
  const { Pod: store } = emptyStores()
  store.upsert(sent('first'))
  const usersOf = indexUsers(store, signal)
  const names = (cache: string) => [...usersOf('team', cache)].map(({ metadata }) => metadata.name)
  store.upsert(sent('second', undefined, { record: 'llama=sha256:1,other=sha256:2' }))
  expect([names('llama'), names('other'), names('none')]).toEqual([['first', 'second'], ['second'], []])
  store.upsert(sent('first', undefined, { phase: 'Succeeded' }))
  expect(names('llama')).toEqual(['second'])
  store.remove(sent('second'))
  expect([names('llama'), names('other')]).toEqual([[], []])
})
