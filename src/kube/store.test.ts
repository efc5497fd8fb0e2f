import { expect, test } from 'vitest'
import { KINDS } from '../cluster/kinds.ts'
import { silentLogger as logger } from './logger.fixtures.ts'
import { createStore } from './store.ts'

function namespace(name: string, resourceVersion: string, extra: object = {}) {
  return { metadata: { name, resourceVersion, managedFields: [{ manager: 'x' }] }, ...extra }
}

function recordingStore() {
  const store = createStore({ resource: KINDS.Namespace, logger })
  const seen: string[] = []
  const stop = store.onChange(change => seen.push(`${change.type} ${change.object.metadata.name}`))
  return { store, seen, stop }
}

test('a list tells what came, changed and went, and not what stayed', () => {
  const { store, seen } = recordingStore()
  store.replace([namespace('a', '1'), namespace('b', '1'), namespace('c', '1')])
  store.replace([namespace('a', '1'), namespace('b', '2'), namespace('d', '3')])
  expect(seen).toEqual(['added a', 'added b', 'added c', 'updated b', 'added d', 'deleted c'])
  expect([...store.values()].map(held => held.metadata.name).toSorted()).toEqual(['a', 'b', 'd'])
})

test('a list that comes in parts deletes what was in none of them, and only when it is finished', () => {
  const { store, seen } = recordingStore()
  store.replace([namespace('a', '1'), namespace('b', '1'), namespace('c', '1')])
  store.beginReplace().add([namespace('d', '2')])
  expect(store.size()).toBe(4)

  const { add, finish } = store.beginReplace()
  add([namespace('a', '1')])
  add([namespace('b', '1')])
  finish()
  expect(seen.slice(3)).toEqual(['added d', 'deleted c', 'deleted d'])
})

test('of an object is kept what its schema knows, and kind and version are filled in', () => {
  const { store } = recordingStore()
  const raw = namespace('a', '1')
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', team: 'ml' }
  store.upsert({ ...raw, metadata: { ...raw.metadata, annotations, managedFields: [{}] } })
  expect(store.get(undefined, 'a')).toEqual({ metadata: { name: 'a', resourceVersion: '1' } })
})

test('an object that cannot be read keeps its last good version, through events and lists', () => {
  const { store, seen } = recordingStore()
  store.upsert(namespace('a', '1'))
  store.upsert(namespace('a', '2', { status: 'odd' }))
  store.replace([namespace('a', '2', { status: 'odd' }), 'not an object'])
  expect(store.get(undefined, 'a')?.metadata.resourceVersion).toBe('1')
  expect(store.malformed()).toBe(3)
  expect(seen).toEqual(['added a'])
})

test('an object that cannot be read can still be deleted', () => {
  const { store, seen } = recordingStore()
  store.upsert(namespace('a', '1'))
  store.remove(namespace('a', '2', { status: 'odd' }))
  store.remove(namespace('never-there', '2'))
  expect(store.size()).toBe(0)
  expect(seen).toEqual(['added a', 'deleted a'])
})

test('a listener that throws disturbs neither the store nor other listeners', () => {
  const store = createStore({ resource: KINDS.Namespace, logger })
  store.onChange(() => {
    throw new Error('faulty')
  })
  let heard = 0
  const stop = store.onChange(() => {
    heard += 1
  })
  store.upsert(namespace('a', '1'))
  stop()
  store.upsert(namespace('b', '1'))
  expect(heard).toBe(1)
  expect(store.size()).toBe(2)
})
