import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aCondition, aModelCache, NAMESPACE } from '../../api/fixtures.ts'
import { emptyStores } from '../../cluster/fixtures.ts'
import { silentLogger as logger } from '../../kube/logger.fixtures.ts'
import { ApiError } from '../../kube/rest.ts'
import { startNudger } from './nudger.ts'

const NOW = '2031-05-04T03:02:01Z'
let stop: AbortController
beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(NOW) })
  stop = new AbortController()
})
afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

const replicaSet = (name: string, caches: string) => ({
  metadata: { name, namespace: NAMESPACE },
  spec: { replicas: 1, template: { metadata: { annotations: { 'modelplane.ai/caches': caches } } } },
})

/** A cluster in which these ReplicaSets wait, and what is asked of its API server. */
function aCluster(workloads: object[]) {
  const stores = emptyStores()
  const lists: string[] = []
  const nudged: string[] = []
  let failures = 0
  const rest = {
    get: async (path: string) => {
      if (failures > 0) {
        failures -= 1
        throw new ApiError(503, 'ServiceUnavailable', 'no')
      }
      lists.push(path)
      return { metadata: { resourceVersion: '1' }, items: path.endsWith('/replicasets') ? workloads : [] }
    },
    jsonMerge: async (path: string) => {
      nudged.push(path.split('/').at(-1) ?? '')
      return {}
    },
  }
  const metrics = { observeNudge: vi.fn() }
  const observer = { worked: vi.fn(), waiting: vi.fn() }
  return {
    lists,
    nudged,
    fail: (times: number) => {
      failures = times
    },
    put(name: string, isReady: boolean, since = NOW) {
      const condition = { ...aCondition('Ready', isReady ? 'True' : 'False'), lastTransitionTime: since }
      const metadata = { uid: `uid-of-${name}`, creationTimestamp: since }
      stores.ModelCache.upsert(aModelCache({ name, metadata, status: { conditions: [condition] } }))
    },
    start: () => startNudger({ stores, rest, observer, metrics, logger, signal: stop.signal }),
  }
}

const settle = () => vi.advanceTimersByTimeAsync(1_000)

test('a cache that turns Ready has its workloads try again, once', async () => {
  const { put, start, nudged } = aCluster([replicaSet('a', 'llama'), replicaSet('b', 'other')])
  put('llama', false)
  start()
  await settle()
  expect(nudged).toEqual([])
  put('llama', true)
  await settle()
  put('llama', true)
  await settle()
  expect(nudged).toEqual(['a'])
})

test('many caches that turn Ready together cost one look at the workloads of their namespace', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `c${index}`)
  const { put, start, nudged, lists } = aCluster(names.map(name => replicaSet(name, name)))
  for (const name of names) put(name, true)
  start()
  await settle()
  expect(nudged.toSorted()).toEqual(names.toSorted())
  expect(lists.length).toBeLessThanOrEqual(8)
})

test('what happened long before this replica leads is no news', async () => {
  const { put, start, lists } = aCluster([replicaSet('a', 'llama')])
  put('llama', true, '2031-05-04T02:00:00Z')
  start()
  await settle()
  expect(lists).toEqual([])
})

test('an API server that does not answer is asked again', async () => {
  const { put, start, nudged, fail } = aCluster([replicaSet('a', 'llama')])
  fail(2)
  put('llama', true)
  start()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(nudged).toEqual(['a'])
})
