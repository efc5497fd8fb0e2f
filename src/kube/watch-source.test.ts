import { expect, test } from 'vitest'
import { KINDS } from '../cluster/kinds.ts'
import { silentLogger as logger } from './logger.fixtures.ts'
import { createStore } from './store.ts'
import { type OwnedObject, owns, type WatchSource, watches } from './watch-source.ts'

function aStore() {
  const store = createStore({ resource: KINDS.HydrationJob, logger })
  const woken: string[] = []
  const follow = (source: WatchSource) =>
    source((namespace, name) => woken.push(`${namespace}/${name}`), 'ModelCache')
  const put = (metadata: object, spec: object = {}) =>
    store.upsert({
      metadata: { name: 'job', namespace: 'serving', uid: 'u', resourceVersion: '1', ...metadata },
      spec,
    })
  return { store, woken, follow, put }
}

test('owns asks for a look at the controlling owner of its kind, and at no other owner', () => {
  const { store, woken, follow, put } = aStore()
  const stop = follow(owns(store))
  const owner = { apiVersion: 'v1', uid: 'u', name: 'llama', kind: 'ModelCache', controller: true }
  put({ ownerReferences: [owner] })
  put({ ownerReferences: [{ ...owner, controller: false }] })
  put({ ownerReferences: [{ ...owner, kind: 'Deployment' }] })
  put({})
  expect(woken).toEqual(['serving/llama'])
  stop()
  put({ ownerReferences: [owner] })
  expect(woken).toHaveLength(1)
})

test('watches asks for a look at all that a change may affect', () => {
  const { store, woken, follow, put } = aStore()
  const caches: OwnedObject[] = ['a', 'b'].map(name => ({ metadata: { name, namespace: 'serving' } }))
  const stop = follow(watches(store, (_, { type }) => (type === 'added' ? caches : [])))
  put({})
  put({ resourceVersion: '2' })
  expect(woken).toEqual(['serving/a', 'serving/b'])
  stop()
})
