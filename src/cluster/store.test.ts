import { pino } from 'pino'
import { expect, test } from 'vitest'
import { namespaces } from './resource.ts'
import { createStore } from './store.ts'

const logger = pino({ level: 'silent' })

function namespace(name: string, resourceVersion: string, extra: object = {}) {
  return { metadata: { name, resourceVersion, managedFields: [{ manager: 'x' }] }, ...extra }
}

function recordingStore() {
  const store = createStore({ resource: namespaces, logger })
  const seen: string[] = []
  const stop = store.onChange(change => seen.push(`${change.type} ${change.object.metadata.name}`))
  return { store, seen, stop }
}

test('a list tells what came, changed and went, and not what stayed', () => {
  const { store, seen } = recordingStore()
  store.replace([namespace('a', '1'), namespace('b', '1'), namespace('c', '1')])
  store.replace([namespace('a', '1'), namespace('b', '2'), namespace('d', '3')])
  expect(seen).toEqual(['added a', 'added b', 'added c', 'deleted c', 'updated b', 'added d'])
  expect([...store.values()].map(held => held.metadata.name).toSorted()).toEqual(['a', 'b', 'd'])
})

test('the record of field owners is dropped, kind and version are filled in', () => {
  const { store } = recordingStore()
  store.upsert(namespace('a', '1'))
  expect(store.get(undefined, 'a')).toEqual({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'a', resourceVersion: '1' },
  })
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
  const store = createStore({ resource: namespaces, logger })
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
