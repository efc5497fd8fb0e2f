import { expect, test } from 'vitest'
import { emptyStores } from '../cluster/fixtures.ts'
import { isAnyInDoubt, noteLookups } from './lookups.ts'
import { createClusterView } from './view.ts'

const cache = {
  metadata: { namespace: 'team', name: 'llama' },
  spec: { artifact: { source: { inline: { files: { a: 'b' } } } }, mount: { path: '/models' } },
  status: { claimName: 'weights' },
}

function aView() {
  const stores = emptyStores()
  stores.ModelCache.upsert(cache)
  stores.StorageClass.upsert({ metadata: { name: 'fast' }, provisioner: 'nfs' })
  return createClusterView(stores)
}

test('answers as the view does, and notes each object once, found or not', () => {
  const { view, refs } = noteLookups(aView(), () => true)
  expect(view.get('ModelCache', 'team', 'llama')?.metadata.name).toBe('llama')
  expect(view.get('ModelCache', 'team', 'llama')).toBeDefined()
  expect(view.get('PersistentVolumeClaim', 'team', 'data')).toBeUndefined()
  expect(view.get('StorageClass', undefined, 'fast')?.provisioner).toBe('nfs')
  expect(refs()).toEqual([
    { kind: 'ModelCache', namespace: 'team', name: 'llama' },
    { kind: 'PersistentVolumeClaim', namespace: 'team', name: 'data' },
    { kind: 'StorageClass', name: 'fast' },
  ])
})

test('a claim stands for its cache: the one that is known, else the one that its name tells of', () => {
  const { view, refs } = noteLookups(aView(), () => true)
  expect(view.modelCacheOfClaim('team', 'weights')?.metadata.name).toBe('llama')
  expect(view.modelCacheOfClaim('team', 'modelcache--new')).toBeUndefined()
  expect(view.modelCacheOfClaim('team', 'data')).toBeUndefined()
  expect(refs().map(ref => 'name' in ref && ref.name)).toEqual(['llama', 'new'])
})

test('notes only what is in doubt', () => {
  const { view, refs } = noteLookups(aView(), kind => kind === 'StorageClass')
  view.get('ModelCache', 'team', 'llama')
  view.get('StorageClass', undefined, 'fast')
  expect(refs()).toEqual([{ kind: 'StorageClass', name: 'fast' }])
  expect(isAnyInDoubt(kind => kind === 'StorageClass')).toBe(true)
  expect(isAnyInDoubt(kind => kind === 'Namespace')).toBe(false)
})
