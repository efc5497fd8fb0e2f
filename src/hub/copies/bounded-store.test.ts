import { expect, test } from 'vitest'
import { silentLogger } from '../../kube/logger.fixtures.ts'
import { createStore } from '../../kube/store.ts'
import { copiesOf } from '../caches/copy.ts'
import { boundedStore } from './bounded-store.ts'

const RESOURCE = copiesOf('uid-of-the-hub')

const raw = (name: string, status: object = {}) => ({
  apiVersion: 'modelplane.ai/v1alpha1',
  kind: 'ModelCache',
  metadata: { name, namespace: 'ml-team', uid: name, resourceVersion: '1' },
  spec: {
    artifact: { source: { huggingFace: { repo: 'a/b', revision: 'v1' } } },
    mount: { path: '/mnt/model' },
    storage: { backend: 'PVC' },
  },
  status,
})
const aStore = (wanted: readonly string[], max: number) => {
  const store = createStore({ resource: RESOURCE, logger: silentLogger })
  return boundedStore(store, (_, name) => wanted.includes(name), max)
}
const names = (store: ReturnType<typeof aStore>) => [...store.values()].map(({ metadata }) => metadata.name)

test('what is wanted is kept, and of the rest only so much', () => {
  const store = aStore(['mine'], 2)
  for (const name of ['a', 'b', 'c', 'mine', 'd']) store.upsert(raw(name))
  expect(names(store)).toEqual(['a', 'b', 'mine'])
  // Room is free again once one has gone, and a list starts from nothing.
  store.remove(raw('a'))
  store.upsert(raw('e'))
  expect(names(store)).toEqual(['b', 'mine', 'e'])
  store.replace([raw('x'), raw('y'), raw('z'), raw('mine')])
  expect(names(store).toSorted()).toEqual(['mine', 'x', 'y'])
  store.upsert(raw('x', { phase: 'Ready' }))
  expect(store.get('ml-team', 'x')?.state.phase).toBe('Ready')
})

test.each([undefined, null, 1, {}, { metadata: 1 }, { metadata: { name: 1 } }])('%j is no object', given => {
  const store = aStore([], 2)
  store.upsert(given)
  expect(names(store)).toEqual([])
})

test('a status of another cluster is data: bounded, and printable', () => {
  const store = aStore(['mine'], 0)
  const evil = '\u001b[31mred\u0000\n'.repeat(3_000)
  const condition = { lastTransitionTime: 'x', reason: 'R', message: evil }
  store.upsert(
    raw('mine', {
      phase: 'Failed',
      conditions: [{ type: 'Ready', status: 'False', ...condition }],
      source: evil.slice(0, 4_000),
      resolvedRevision: evil,
    }),
  )
  const { state } = store.get('ml-team', 'mine') ?? {}
  expect(state?.message?.length).toBeLessThanOrEqual(512)
  expect(JSON.stringify(state).length).toBeLessThan(4_000)
  expect(JSON.stringify(state)).not.toMatch(/\\u001b|\\u0000|\\n/)
})
