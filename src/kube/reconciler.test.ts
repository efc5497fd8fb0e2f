import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { KINDS } from '../cluster/kinds.ts'
import { silentLogger as logger } from './logger.fixtures.ts'
import { startReconciler } from './reconciler.ts'
import { createStore } from './store.ts'
import type { Wake } from './watch-source.ts'

let stop: AbortController

beforeEach(() => {
  vi.useFakeTimers()
  stop = new AbortController()
})

afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

const settled = () => vi.advanceTimersByTimeAsync(0)

function aReconciler(look: (name: string) => Promise<void> = async () => {}) {
  const store = createStore({ resource: KINDS.Namespace, logger })
  const looked: string[] = []
  const results: string[] = []
  let waiting = () => -1
  let wake: Wake = () => {}
  const start = () =>
    startReconciler({
      name: 'namespaces',
      store,
      kind: 'Namespace',
      sources: [
        wakeOne => {
          wake = wakeOne
          return () => {}
        },
      ],
      reconcile: async ({ metadata }) => {
        looked.push(metadata.name)
        await look(metadata.name)
        return undefined
      },
      concurrency: 2,
      observer: {
        worked: (reconciler, result) => results.push(`${reconciler} ${result}`),
        waiting: (_, read) => {
          waiting = read
        },
      },
      logger,
      signal: stop.signal,
    })
  return {
    store,
    put: (name: string) => store.upsert({ metadata: { name } }),
    looked,
    results,
    start,
    waiting: () => waiting(),
    wake: (name: string) => wake(undefined, name),
  }
}

test('looks at what was there before, at each change, and when it is woken', async () => {
  const { put, looked, start, wake } = aReconciler()
  put('a')
  start()
  await settled()
  put('b')
  await settled()
  wake('a')
  await settled()
  expect(looked).toEqual(['a', 'b', 'a'])
})

test('does not look at what is gone, or never was', async () => {
  const { store, put, looked, start, wake } = aReconciler()
  put('a')
  start()
  await settled()
  store.remove({ metadata: { name: 'a' } })
  wake('nobody')
  await settled()
  expect(looked).toEqual(['a'])
})

test('what goes wrong with one object harms no other, and is tried again', async () => {
  const fails = new Set(['a'])
  const { put, looked, results, start } = aReconciler(async name => {
    if (fails.delete(name)) throw new Error('panic')
  })
  put('a')
  put('b')
  start()
  await settled()
  expect(looked).toEqual(['a', 'b'])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(looked).toEqual(['a', 'b', 'a'])
  expect(results.toSorted()).toEqual(['namespaces done', 'namespaces done', 'namespaces failed'])
})

test('works on as many side by side as are allowed, and says how many wait', async () => {
  const work = Promise.withResolvers<void>()
  const { put, looked, start, waiting } = aReconciler(() => work.promise)
  for (const name of ['a', 'b', 'c']) put(name)
  start()
  await settled()
  expect(looked).toEqual(['a', 'b'])
  expect(waiting()).toBe(1)
  work.resolve()
  await settled()
  expect(looked).toEqual(['a', 'b', 'c'])
  expect(waiting()).toBe(0)
})

test('stops with its signal, and can be started again', async () => {
  const { put, looked, start } = aReconciler()
  start()
  stop.abort()
  put('a')
  await settled()
  expect(looked).toEqual([])
  stop = new AbortController()
  start()
  await settled()
  expect(looked).toEqual(['a'])
})
