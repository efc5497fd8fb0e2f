import { expect, test } from 'vitest'
import { KINDS } from '../cluster/kinds.ts'
import { silentLogger } from './logger.fixtures.ts'
import { createStore } from './store.ts'
import { indexStore } from './store-index.ts'

const aClass = (name: string, provisioner: string, resourceVersion = '1') => ({
  metadata: { name, resourceVersion },
  provisioner,
})

function indexed(...held: object[]) {
  const store = createStore({ resource: KINDS.StorageClass, logger: silentLogger })
  store.replace(held)
  const find = indexStore(store, ({ provisioner }) => (provisioner === 'none' ? undefined : provisioner))
  return { store, found: (key: string) => [...find(key)].map(({ metadata }) => metadata.name).toSorted() }
}

test('what the store holds already is found, what has no key is not', () => {
  const { found } = indexed(aClass('a', 'nfs'), aClass('b', 'none'))
  expect(found('nfs')).toEqual(['a'])
  expect(found('none')).toEqual([])
})

test('an object that changes its key is found under the new one alone', () => {
  const { store, found } = indexed(aClass('a', 'nfs'))
  store.upsert(aClass('a', 'ceph', '2'))
  expect(found('nfs')).toEqual([])
  expect(found('ceph')).toEqual(['a'])
})

test('of two objects with one key, the other stays when one goes', () => {
  const { store, found } = indexed(aClass('a', 'nfs'), aClass('b', 'nfs'))
  expect(found('nfs')).toEqual(['a', 'b'])
  store.remove(aClass('a', 'nfs'))
  expect(found('nfs')).toEqual(['b'])
})

test('listens to the store no more once its signal aborts', () => {
  const store = createStore({ resource: KINDS.StorageClass, logger: silentLogger })
  const stop = new AbortController()
  let asked = 0
  const find = indexStore(
    store,
    ({ provisioner }) => {
      asked += 1
      return provisioner
    },
    stop.signal,
  )
  store.upsert(aClass('a', 'nfs'))
  stop.abort()
  store.upsert(aClass('b', 'nfs'))
  expect(asked).toBe(1)
  expect([...find('nfs')]).toHaveLength(1)
})
