import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aModelCache, aReadyCache, NAMESPACE } from '../../api/fixtures.ts'
import { LEADER_NAME } from '../../api/kubernetes/leader-worker-set.ts'
import { CACHE_READY_GATE, INJECTED } from '../../api/names.ts'
import { emptyStores } from '../../cluster/fixtures.ts'
import { silentLogger as logger } from '../../kube/logger.fixtures.ts'
import { startGateKeeper } from './gatekeeper.ts'

let stop: AbortController

beforeEach(() => {
  vi.useFakeTimers()
  stop = new AbortController()
})

afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

function aPod(name: string, { gated = true, leader = '', claimName = 'modelcache--llama' } = {}) {
  return {
    metadata: {
      name,
      namespace: NAMESPACE,
      resourceVersion: `${name} ${gated}`,
      annotations: { [INJECTED]: 'llama=pending', ...(leader && { [LEADER_NAME]: leader }) },
    },
    spec: {
      containers: [
        {
          volumeMounts: [
            { name: 'w', mountPath: '/mnt/model', subPathExpr: 'snapshots/$(MODELCACHE__LLAMA_DIGEST)' },
          ],
        },
      ],
      volumes: [{ name: 'w', persistentVolumeClaim: { claimName } }],
      schedulingGates: gated ? [{ name: CACHE_READY_GATE }] : [],
    },
  }
}

/** A gate keeper over stores that receive its own writes, as the watch of a cluster would. */
function aKeeper(...pods: ReturnType<typeof aPod>[]) {
  const stores = emptyStores()
  for (const pod of pods) stores.Pod.upsert(pod)
  const lifted: string[] = []
  const strategicMerge = async (path: string) => {
    lifted.push(path)
    const name = path.split('/').at(-1) ?? ''
    stores.Pod.upsert(aPod(name, { gated: false }))
  }
  const told: string[] = []
  const recorder = {
    record: async ({ name }: { name: string }, { reason, note }: { reason: string; note: string }) => {
      told.push(`${name} ${reason} ${note}`)
    },
  }
  const observer = { worked: () => {}, waiting: () => {} }
  const metrics = { observeLift: () => {} }
  const start = (signal = stop.signal) =>
    startGateKeeper({ stores, rest: { strategicMerge }, recorder, observer, metrics, logger, signal })
  start()
  return { stores, lifted, told, start }
}

/** Each look has a turn of the event loop of its own. */
const settled = async () => {
  for (let turn = 0; turn < 10; turn++) await vi.advanceTimersByTimeAsync(0)
}
const path = (name: string) => `/api/v1/namespaces/${NAMESPACE}/pods/${name}`

test('lifts the gates of all that wait when their cache turns Ready, once', async () => {
  const { stores, lifted } = aKeeper(aPod('a'), aPod('b'), aPod('c', { gated: false }))
  stores.ModelCache.upsert(aModelCache())
  await settled()
  expect(lifted).toEqual([])
  stores.ModelCache.upsert(aReadyCache())
  await settled()
  stores.ModelCache.upsert({ ...aReadyCache(), metadata: { ...aReadyCache().metadata, labels: {} } })
  await settled()
  expect(lifted).toEqual([path('a'), path('b')])
})

test('lets no pod go that mounts another claim than its cache now has, and says so in an Event', async () => {
  const { stores, lifted, told } = aKeeper(aPod('a', { claimName: 'other' }))
  await settled()
  stores.ModelCache.upsert(aReadyCache())
  await settled()
  stores.ModelCache.upsert({
    ...aReadyCache(),
    metadata: { ...aReadyCache().metadata, resourceVersion: '2' },
  })
  await settled()
  expect(lifted).toEqual([])
  expect(told.map(text => text.split(' ')[1])).toEqual(['CacheAwaited', 'CacheReplaced'])
  expect(told[1]).toMatch(/delete this pod and create it again$/)
})

test('lifts the gate of a pod that comes late', async () => {
  const { stores, lifted } = aKeeper()
  stores.ModelCache.upsert(aReadyCache())
  stores.Pod.upsert(aPod('late'))
  await settled()
  expect(lifted).toEqual([path('late')])
})

test('lets the leader go first, then its worker', async () => {
  const { stores, lifted } = aKeeper(aPod('gang-0-1', { leader: 'gang-0' }), aPod('gang-0'))
  stores.ModelCache.upsert(aReadyCache())
  await settled()
  expect(lifted).toEqual([path('gang-0'), path('gang-0-1')])
})

test('lifts nothing after its signal aborts, and started again what has waited, once', async () => {
  const { stores, lifted, start } = aKeeper(aPod('a'))
  stop.abort()
  stores.ModelCache.upsert(aReadyCache())
  stores.Pod.upsert(aPod('b'))
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(lifted).toEqual([])
  stop = new AbortController()
  start(stop.signal)
  stores.Pod.upsert(aPod('c'))
  await settled()
  expect(lifted).toEqual([path('a'), path('b'), path('c')])
})

test('leaves no listener behind when its signal aborts', () => {
  const stores = emptyStores()
  const stopped = vi.fn()
  const listened = [stores.ModelCache, stores.Pod].map(store =>
    vi.spyOn(store, 'onChange').mockImplementation(() => () => stopped()),
  )
  startGateKeeper({
    stores,
    rest: { strategicMerge: async () => {} },
    recorder: { record: async () => {} },
    observer: { worked: () => {}, waiting: () => {} },
    metrics: { observeLift: () => {} },
    logger,
    signal: stop.signal,
  })
  expect(stopped).not.toHaveBeenCalled()
  stop.abort()
  const calls = listened.flatMap(({ mock }) => mock.calls)
  expect(calls.length).toBeGreaterThan(0)
  expect(stopped).toHaveBeenCalledTimes(calls.length)
})
