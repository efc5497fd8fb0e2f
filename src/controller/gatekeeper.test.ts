import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CACHE_READY_GATE, INJECTED } from '../api/annotations.ts'
import { aModelCache, aReadyCache, NAMESPACE } from '../api/fixtures.ts'
import { LEADER_NAME } from '../api/leaderworkerset.ts'
import { emptyStores } from '../cluster/fixtures.ts'
import { startGateKeeper } from './gatekeeper.ts'

const logger = pino({ level: 'silent' })

let stop: AbortController

beforeEach(() => {
  vi.useFakeTimers()
  stop = new AbortController()
})

afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

function aPod(name: string, { gated = true, leader = '' } = {}) {
  return {
    metadata: {
      name,
      namespace: NAMESPACE,
      resourceVersion: `${name} ${gated}`,
      annotations: { [INJECTED]: 'llama=pending', ...(leader && { [LEADER_NAME]: leader }) },
    },
    spec: { containers: [], schedulingGates: gated ? [{ name: CACHE_READY_GATE }] : [] },
  }
}

/** A gate keeper over stores that take what it writes, as the watch of a cluster would. */
function aKeeper(...pods: ReturnType<typeof aPod>[]) {
  const stores = emptyStores()
  for (const pod of pods) stores.consumers.upsert(pod)
  const lifted: string[] = []
  const merge = async (path: string) => {
    lifted.push(path)
    const name = path.split('/').at(-1) ?? ''
    stores.consumers.upsert(aPod(name, { gated: false }))
  }
  startGateKeeper({ stores, rest: { merge }, logger, signal: stop.signal })
  return { stores, lifted }
}

const settled = () => vi.advanceTimersByTimeAsync(0)
const path = (name: string) => `/api/v1/namespaces/${NAMESPACE}/pods/${name}`

test('lifts the gates of all that wait when their cache turns Ready, once', async () => {
  const { stores, lifted } = aKeeper(aPod('a'), aPod('b'), aPod('c', { gated: false }))
  stores.modelCaches.upsert(aModelCache())
  await settled()
  expect(lifted).toEqual([])
  stores.modelCaches.upsert(aReadyCache())
  await settled()
  stores.modelCaches.upsert({ ...aReadyCache(), metadata: { ...aReadyCache().metadata, labels: {} } })
  await settled()
  expect(lifted).toEqual([path('a'), path('b')])
})

test('lifts the gate of a pod that comes late', async () => {
  const { stores, lifted } = aKeeper()
  stores.modelCaches.upsert(aReadyCache())
  stores.consumers.upsert(aPod('late'))
  await settled()
  expect(lifted).toEqual([path('late')])
})

test('lets the leader go first, then its worker', async () => {
  const { stores, lifted } = aKeeper(aPod('gang-0-1', { leader: 'gang-0' }), aPod('gang-0'))
  stores.modelCaches.upsert(aReadyCache())
  await settled()
  expect(lifted).toEqual([path('gang-0'), path('gang-0-1')])
})
