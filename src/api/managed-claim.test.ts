import { expect, test } from 'vitest'
import { aModelCache } from './fixtures.ts'
import { ownsClaim } from './managed-claim.ts'

test('a cache of backend PVC owns the claim of its name, and the one that its status names', () => {
  const cache = aModelCache({ status: { claimName: 'modelcache--cut-1a2b' } })
  expect(ownsClaim(cache, 'modelcache--llama')).toBe(true)
  expect(ownsClaim(cache, 'modelcache--cut-1a2b')).toBe(true)
  expect(ownsClaim(cache, 'modelcache--llama-2')).toBe(false)
  expect(ownsClaim(cache, 'llama')).toBe(false)
})

test('a cache of backend ExistingPVC owns none: people fill that claim', () => {
  const cache = aModelCache({
    spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged' } } },
    status: { claimName: 'ops-staged' },
  })
  expect(ownsClaim(cache, 'ops-staged')).toBe(false)
  expect(ownsClaim(cache, 'modelcache--llama')).toBe(false)
})
