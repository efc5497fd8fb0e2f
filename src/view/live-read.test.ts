import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ClusterView, ObjectRef } from '../admission/cluster-view.ts'
import { emptyStores } from '../cluster/fixtures.ts'
import { KINDS } from '../cluster/kinds.ts'
import { type FakeApiServer, startFakeApiServer } from '../kube/api-server.fixtures.ts'
import { createRest } from '../kube/rest.ts'
import { createLiveReader } from './live-read.ts'
import { createClusterView } from './view.ts'

const PATH = '/apis/modelplane.ai/v1alpha1/namespaces/team/modelcaches/llama'
const CACHE: ObjectRef = { kind: 'ModelCache', namespace: 'team', name: 'llama' }
const CLASS: ObjectRef = { kind: 'StorageClass', name: 'fast' }
const never = new AbortController().signal

let server: FakeApiServer

beforeEach(async () => {
  server = await startFakeApiServer()
})

afterEach(() => server[Symbol.asyncDispose]())

test('answers what was read, absences included, and leaves the rest to the view', async () => {
  server.put(KINDS.ModelCache, cache('llama'))
  const view = viewWith({ classes: ['fast', 'slow'], claims: ['data'] })
  const refs: ObjectRef[] = [CACHE, CLASS, { kind: 'PersistentVolumeClaim', namespace: 'team', name: 'gone' }]

  const live = await createLiveReader(createRest(server.config))(view, refs, never)

  expect(live.get('ModelCache', 'team', 'llama')?.spec.mount.path).toBe('/models/llama')
  expect(live.get('ModelCache', 'other', 'llama')).toBeUndefined()
  expect(live.get('StorageClass', undefined, 'fast')).toBeUndefined()
  expect(live.get('StorageClass', undefined, 'slow')?.provisioner).toBe('nfs')
  expect([...live.list('StorageClass')]).toHaveLength(2)
  expect(live.get('PersistentVolumeClaim', 'team', 'gone')).toBeUndefined()
  expect(live.get('PersistentVolumeClaim', 'team', 'data')?.metadata.name).toBe('data')
  expect(live.get('Namespace', undefined, 'team')?.metadata.name).toBe('team')
})

test('the cache of a claim is the one that was read, when it was read', async () => {
  const staged = { ...cache('llama'), status: { claimName: 'modelcache--cut', hydration: { jobUID: 'new' } } }
  server.put(KINDS.ModelCache, staged)
  const view = viewWith({ caches: [cache('llama'), cache('gone'), cache('other')] })
  const refs: ObjectRef[] = [CACHE, { kind: 'ModelCache', namespace: 'team', name: 'gone' }]

  const live = await createLiveReader(createRest(server.config))(view, refs, never)

  expect(live.modelCacheOfClaim('team', 'modelcache--llama')?.status?.hydration?.jobUID).toBe('new')
  expect(live.modelCacheOfClaim('team', 'modelcache--cut')?.metadata.name).toBe('llama')
  expect(live.modelCacheOfClaim('team', 'modelcache--gone')).toBeUndefined()
  expect(live.modelCacheOfClaim('team', 'modelcache--other')?.metadata.name).toBe('other')
  expect(live.modelCacheOfClaim('else', 'modelcache--llama')).toBeUndefined()
})

test('a whole list of classes also answers for each class', async () => {
  server.put(KINDS.StorageClass, { metadata: { name: 'new' }, provisioner: 'nfs' })
  const view = viewWith({ classes: ['deleted'] })
  const live = await createLiveReader(createRest(server.config))(view, [{ list: 'StorageClass' }], never)
  expect([...live.list('StorageClass')].map(found => found.metadata.name)).toEqual(['new'])
  expect(live.get('StorageClass', undefined, 'new')).toBeDefined()
  expect(live.get('StorageClass', undefined, 'deleted')).toBeUndefined()
})

test('overlapping reads of one object share a request, later ones ask again', async () => {
  server.put(KINDS.ModelCache, cache('llama'))
  const confirm = createLiveReader(createRest(server.config))
  const view = viewWith({})
  const { release } = server.hold()
  const storm = Array.from({ length: 5_000 }, () => confirm(view, [CACHE, CACHE], never))
  release()
  const views = await Promise.all(storm)
  expect(views.every(live => live.get('ModelCache', 'team', 'llama') !== undefined)).toBe(true)
  expect(server.requests).toEqual([`GET ${PATH}`])

  server.delete(KINDS.ModelCache, 'team', 'llama')
  const later = await confirm(view, [CACHE], never)
  expect(later.get('ModelCache', 'team', 'llama')).toBeUndefined()
  expect(server.requests).toHaveLength(2)
})

test('one caller that gives up does not take the read from the others', async () => {
  server.put(KINDS.ModelCache, cache('llama'))
  const confirm = createLiveReader(createRest(server.config))
  const { release } = server.hold()
  const hurried = new AbortController()
  const first = confirm(viewWith({}), [CACHE], hurried.signal)
  const second = confirm(viewWith({}), [CACHE], never)
  await vi.waitFor(() => expect(server.requests).toHaveLength(1), { timeout: 10_000 })
  hurried.abort(new Error('out of time'))
  await expect(first).rejects.toThrow('out of time')
  release()
  expect((await second).get('ModelCache', 'team', 'llama')).toBeDefined()
})

test('a failure that is not 404 rejects, and is not kept', async () => {
  server.failNext(1, { on: 'get', how: 500 })
  const confirm = createLiveReader(createRest(server.config))
  await expect(confirm(viewWith({}), [CACHE], never)).rejects.toMatchObject({ status: 500 })
  await expect(confirm(viewWith({}), [CACHE], never)).resolves.toBeDefined()
})

test('a read that is not answered is made once more, over another connection', async () => {
  server.put(KINDS.ModelCache, cache('llama'))
  server.failNext(1, { on: 'get', how: 'mute' })
  const live = await createLiveReader(createRest(server.config))(viewWith({}), [CACHE], never)
  expect(live.get('ModelCache', 'team', 'llama')).toBeDefined()
  expect(server.requests).toHaveLength(2)
  expect(server.connections()).toBe(2)
})

test('an object that cannot be read rejects: it is not absent', async () => {
  server.put(KINDS.ModelCache, { metadata: { namespace: 'team', name: 'llama' }, spec: 'odd' })
  const confirm = createLiveReader(createRest(server.config))
  await expect(confirm(viewWith({}), [CACHE], never)).rejects.toMatchObject({ reason: 'MalformedReply' })
})

test('a list of pods is of one namespace, whatever their labels, and a list of nothing known is empty', async () => {
  const aPodOf = (namespace: string) => ({
    metadata: { namespace, name: 'server' },
    spec: { containers: [] },
  })
  server.put(KINDS.Pod, aPodOf('team'))
  server.put(KINDS.Pod, aPodOf('other'))
  const refs: ObjectRef[] = [{ list: 'Pod', namespace: 'team' }, { list: 'InferenceCluster' }]
  server.failNext(1, { on: 'list', how: 404 })
  const view = await createLiveReader(createRest(server.config))(viewWith({}), refs.toReversed(), never)
  expect([...view.list('Pod', 'team')].map(({ metadata }) => metadata.namespace)).toEqual(['team'])
  expect([...view.list('Pod', 'other')]).toEqual([])
  expect([...view.list('InferenceCluster')]).toEqual([])
  expect(server.requests).toContain('GET /api/v1/namespaces/team/pods')
  expect(server.listQueries.map(query => query.get('labelSelector'))).toEqual([null])
})

test('a StorageProfile is read too, and is absent where the cluster does not have the kind', async () => {
  const sets = (accessMode: string) => ({ claimPropertySets: [{ accessModes: [accessMode] }] })
  const profile = (name: string, status: object) => ({ metadata: { name }, status })
  server.put(KINDS.StorageProfile, profile('fast', sets('ReadWriteMany')))
  const stores = emptyStores()
  for (const name of ['fast', 'gone', 'unread'])
    stores.StorageProfile.upsert(profile(name, sets('ReadWriteOnce')))
  const refs: ObjectRef[] = ['fast', 'gone'].map(name => ({ kind: 'StorageProfile', name }))

  const live = await createLiveReader(createRest(server.config))(createClusterView(stores), refs, never)

  expect(live.get('StorageProfile', undefined, 'fast')?.status).toEqual(sets('ReadWriteMany'))
  expect(live.get('StorageProfile', undefined, 'gone')).toBeUndefined()
  expect(live.get('StorageProfile', undefined, 'unread')?.status).toEqual(sets('ReadWriteOnce'))
})

function cache(name: string) {
  return {
    metadata: { namespace: 'team', name },
    spec: {
      artifact: { kind: 'Weights', source: { inline: { files: { a: 'b' } } } },
      mount: { path: `/models/${name}` },
      storage: { backend: 'PVC' },
    },
  }
}

function viewWith(held: { classes?: string[]; claims?: string[]; caches?: object[] }): ClusterView {
  const stores = emptyStores()
  for (const name of held.classes ?? [])
    stores.StorageClass.upsert({ metadata: { name }, provisioner: 'nfs' })
  for (const name of held.claims ?? [])
    stores.PersistentVolumeClaim.upsert({ metadata: { namespace: 'team', name }, spec: {} })
  for (const object of held.caches ?? []) stores.ModelCache.upsert(object)
  stores.Namespace.upsert({ metadata: { name: 'team' } })
  return createClusterView(stores)
}

test('the view itself comes back if all is as it has it, and another one after any change', async () => {
  server.put(KINDS.ModelCache, cache('llama'))
  const read = createLiveReader(createRest(server.config))
  const stored = (await read(viewWith({}), [CACHE], never)).get('ModelCache', 'team', 'llama')
  if (stored === undefined) throw new Error('it was not read')
  const view = viewWith({ caches: [stored] })
  expect(await read(view, [CACHE, CLASS], never)).toBe(view)
  expect(await read(view, [CACHE, { list: 'StorageClass' }], never)).not.toBe(view)
  server.put(KINDS.ModelCache, cache('llama'))
  expect(await read(view, [CACHE], never)).not.toBe(view)
  server.delete(KINDS.ModelCache, 'team', 'llama')
  expect(await read(view, [CACHE], never)).not.toBe(view)
})

test('another view comes back if the watch brings, during the read, what the read finds', async () => {
  server.put(KINDS.ModelCache, cache('llama'))
  const read = createLiveReader(createRest(server.config))
  const stored = (await read(viewWith({}), [CACHE], never)).get('ModelCache', 'team', 'llama')
  if (stored === undefined) throw new Error('it was not read')
  const stores = emptyStores()
  const view = createClusterView(stores)
  const { release } = server.hold()
  const reading = read(view, [CACHE], never)
  stores.ModelCache.upsert(stored)
  release()
  const live = await reading
  expect(live).not.toBe(view)
  expect(live.get('ModelCache', 'team', 'llama')).toEqual(stored)
})
