import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CACHE_CONSUMER } from '../api/names.ts'
import { type FakeApiServer, startFakeApiServer } from '../kube/api-server.fixtures.ts'
import { silentLogger as logger } from '../kube/logger.fixtures.ts'
import { collectionPath } from '../kube/resource.ts'
import { createMetrics } from '../process/metrics.ts'
import { RULE_KINDS } from '../view/view.ts'
import { KINDS } from './kinds.ts'
import { exposeWatches } from './watch-metrics.ts'
import { watchCluster } from './watches.ts'

const timing = { baseMs: 5, capMs: 20 }

let server: FakeApiServer
let stop: AbortController

beforeEach(async () => {
  server = await startFakeApiServer()
  stop = new AbortController()
})

afterEach(async () => {
  stop.abort()
  await server[Symbol.asyncDispose]()
})

test('the stores show what is watched, and the watches end together', async () => {
  server.put(KINDS.StorageClass, { metadata: { name: 'fast' }, provisioner: 'nfs' })
  server.put(KINDS.Namespace, { metadata: { name: 'team' } })
  server.put(KINDS.PersistentVolumeClaim, { metadata: { namespace: 'team', name: 'data' }, spec: {} })
  server.put(KINDS.ModelCache, {
    metadata: { namespace: 'team', name: 'llama' },
    spec: { artifact: { source: { inline: { files: { a: 'b' } } } }, mount: { path: '/models' } },
  })
  const watches = watchCluster({
    kinds: RULE_KINDS,
    config: server.config,
    logger,
    signal: stop.signal,
    timing,
  })
  expect(watches.synced()).toBe(false)
  await watches.whenSynced

  expect(watches.synced()).toBe(true)
  expect(new Set(server.listEncodings)).toEqual(new Set(['identity']))
  expect(watches.stores.StorageClass.get(undefined, 'fast')?.provisioner).toBe('nfs')
  expect([...watches.stores.StorageClass.values()]).toHaveLength(1)
  expect(watches.stores.Namespace.get(undefined, 'team')).toBeDefined()
  expect(watches.stores.PersistentVolumeClaim.get('team', 'data')).toBeDefined()
  expect(watches.stores.ModelCache.get('team', 'llama')?.spec.mount.path).toBe('/models')

  await vi.waitFor(() => expect(server.openWatches()).toBe(RULE_KINDS.length), { timeout: 10_000 })
  stop.abort()
  await watches.ended
  await vi.waitFor(() => expect(server.openWatches()).toBe(0), { timeout: 10_000 })
})

test('is not synced while a single kind cannot be listed', async () => {
  server.failNext(1, { on: 'list', how: 'mute' })
  const watches = watchCluster({
    kinds: RULE_KINDS,
    config: server.config,
    logger,
    signal: stop.signal,
    timing,
  })
  await vi.waitFor(() => expect(server.openWatches()).toBe(RULE_KINDS.length - 1), { timeout: 10_000 })
  expect(watches.synced()).toBe(false)
  stop.abort(new Error('shutting down'))
  await expect(watches.whenSynced).rejects.toThrow('shutting down')
})

test('a later kind is listed after the others, and nobody waits for it', async () => {
  const metadata = { namespace: 'team', name: 'server', labels: { [CACHE_CONSUMER]: 'true' } }
  server.put(KINDS.Pod, { metadata, spec: { containers: [] } })
  const kinds = ['ModelCache', 'Pod'] as const
  const watched = { kinds, later: ['Pod'] as const }
  const lists = server.hold()
  const watches = watchCluster({ ...watched, config: server.config, logger, signal: stop.signal, timing })
  await vi.waitFor(() => expect(server.requests).toHaveLength(1), { timeout: 10_000 })
  lists.release()
  await watches.whenSynced
  const listOfPods = server.hold()

  await vi.waitFor(() => expect(server.requests).toContain(`GET ${collectionPath(KINDS.Pod)}`), {
    timeout: 10_000,
  })
  expect(watches.synced()).toBe(true)
  expect(watches.inDoubt('Pod')).toBe(true)
  expect(watches.stores.Pod.size()).toBe(0)

  listOfPods.release()
  await watches.whenComplete
  expect(watches.stores.Pod.get('team', 'server')).toBeDefined()
})

test('watches the kinds that are named, and counts what it cannot read of them', async () => {
  server.put(KINDS.ModelCache, { metadata: { namespace: 'team', name: 'odd' }, spec: { mount: 'nowhere' } })
  const kinds = ['ModelCache', 'Pod'] as const
  const watches = watchCluster({ kinds, config: server.config, logger, signal: stop.signal, timing })
  await watches.whenSynced
  expect(Object.keys(watches.stores)).toEqual(kinds)
  const { registry } = createMetrics()
  exposeWatches({ registry }, watches)
  const text = await registry.metrics()
  expect(text).toContain('modelcache_watch_malformed_objects{kind="modelcaches"} 1\n')
  expect(text).toContain('modelcache_watch_malformed_objects{kind="pods"} 0\n')
  expect(text).not.toContain('kind="namespaces"')
  await vi.waitFor(() => expect(server.openWatches()).toBe(2), { timeout: 10_000 })
})
