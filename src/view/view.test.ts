import { expect, test } from 'vitest'
import { emptyStores } from '../cluster/fixtures.ts'
import { createClusterView } from './view.ts'

function aCache(name: string, claimName?: string, namespace = 'team') {
  return {
    metadata: { namespace, name, resourceVersion: `${name} ${claimName}` },
    spec: { artifact: {}, mount: { path: '/mnt/model' }, storage: { backend: 'PVC' } },
    status: { claimName },
  }
}

test('the cache of a claim is found by what status says, then by the name of the claim', () => {
  const stores = emptyStores()
  const view = createClusterView(stores)
  const ownerOf = (claim: string) => view.modelCacheOfClaim('team', claim)?.metadata.name
  stores.ModelCache.replace([
    aCache('llama'),
    aCache('long', 'modelcache--cut'),
    aCache('x', undefined, 'else'),
  ])

  expect(ownerOf('modelcache--llama')).toBe('llama')
  expect(ownerOf('modelcache--cut')).toBe('long')
  expect(ownerOf('modelcache--x')).toBeUndefined()
  expect(ownerOf('llama')).toBeUndefined()

  stores.ModelCache.upsert(aCache('long', 'modelcache--llama'))
  expect(ownerOf('modelcache--cut')).toBeUndefined()
  expect(ownerOf('modelcache--llama')).toBe('long')

  stores.ModelCache.remove(aCache('long'))
  expect(ownerOf('modelcache--llama')).toBe('llama')
})
