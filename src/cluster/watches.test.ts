import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type FakeApiServer, startFakeApiServer } from '../kube/fake-api-server.ts'
import { modelCaches, namespaces, persistentVolumeClaims, storageClasses } from './kinds.ts'
import { watchCluster } from './watches.ts'

const logger = pino({ level: 'silent' })
const timing = { baseMs: 5, capMs: 20 }

// Only a guard against hanging: no test takes a second, but machines can be slow.
vi.setConfig({ testTimeout: 30_000 })

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
  server.put(storageClasses, { metadata: { name: 'fast' }, provisioner: 'nfs' })
  server.put(namespaces, { metadata: { name: 'team' } })
  server.put(persistentVolumeClaims, { metadata: { namespace: 'team', name: 'data' }, spec: {} })
  server.put(modelCaches, {
    metadata: { namespace: 'team', name: 'llama' },
    spec: { artifact: { source: { inline: { files: { a: 'b' } } } }, mount: { path: '/models' } },
  })
  const watches = watchCluster({ config: server.config, logger, signal: stop.signal, timing })
  expect(watches.synced()).toBe(false)
  await watches.whenSynced

  expect(watches.synced()).toBe(true)
  expect(watches.stores.storageClasses.get(undefined, 'fast')?.provisioner).toBe('nfs')
  expect([...watches.stores.storageClasses.values()]).toHaveLength(1)
  expect(watches.stores.namespaces.get(undefined, 'team')).toBeDefined()
  expect(watches.stores.claims.get('team', 'data')).toBeDefined()
  expect(watches.stores.modelCaches.get('team', 'llama')?.spec.mount.path).toBe('/models')

  await vi.waitFor(() => expect(server.openWatches()).toBe(8), { timeout: 10_000 })
  stop.abort()
  await watches.ended
  await vi.waitFor(() => expect(server.openWatches()).toBe(0), { timeout: 10_000 })
})

test('is not synced while a single kind cannot be listed', async () => {
  server.failNext(1, { on: 'list', how: 'mute' })
  const watches = watchCluster({ config: server.config, logger, signal: stop.signal, timing })
  await vi.waitFor(() => expect(server.openWatches()).toBe(7), { timeout: 10_000 })
  expect(watches.synced()).toBe(false)
  stop.abort(new Error('shutting down'))
  await expect(watches.whenSynced).rejects.toThrow('shutting down')
})
