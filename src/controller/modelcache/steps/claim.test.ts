import { describe, expect, test } from 'vitest'
import { aClaim } from '../../../api/fixtures.ts'
import { CLAIM_OF, REFETCH } from '../../../api/names.ts'
import { aJob, aManagedClaim, anObservation, aTakenUpCache, EARLIER } from '../fixtures.ts'
import { claim, growth } from './claim.ts'

const LEFT_BEHIND = {
  name: 'modelcache--llama',
  storageClassName: 'shared',
  accessModes: ['ReadWriteMany'],
  metadata: { labels: { [CLAIM_OF]: 'llama' } },
}

describe('the claim', () => {
  test('is made of the effective class, and owned by the cache', () => {
    const { writes, verdict } = claim(anObservation())
    expect(writes).toEqual([
      {
        do: 'create',
        kind: 'PersistentVolumeClaim',
        claim: { storageClassName: 'shared', sizeGiB: 10 },
      },
    ])
    expect(verdict?.phase).toBe('Provisioning')
  })

  test.each([
    [undefined, 1],
    [1, 2],
    [2 ** 30, 3],
    [140 * 2 ** 30, 155],
  ])('has room for %s bytes that were measured: %s GiB', (bytesTotal, sizeGiB) => {
    const cache = aTakenUpCache({
      spec: { storage: { pvc: { storageClassName: 'shared' } } },
      status: { bytesTotal },
    })
    const [write] = claim(anObservation({ cache })).writes ?? []
    expect(write).toMatchObject({ claim: { sizeGiB } })
  })

  test.each([
    ['NoStorageClass', { name: undefined }],
    ['StorageClassNotFound', { name: 'gone' }],
  ])('is not made for reason %s', (reason, { name }) => {
    const storageClass = { name, inferenceCluster: undefined, found: undefined, basis: [] }
    const { writes, verdict } = claim(anObservation({ storageClass }))
    expect([writes, verdict?.reason, verdict?.phase]).toEqual([undefined, reason, 'Pending'])
  })

  test.each([
    ['ClaimNotOwned', aClaim({ name: 'modelcache--llama' })],
    [
      'ClaimNotOwned',
      aManagedClaim({ metadata: { ownerReferences: [{ uid: 'uid-of-the-last-cache', controller: true }] } }),
    ],
    ['ClaimTerminating', aManagedClaim({ metadata: { deletionTimestamp: EARLIER } })],
    ['ClaimLost', aManagedClaim({ status: { phase: 'Lost' } })],
  ])('is not used for reason %s', (reason, existing) => {
    const { writes, verdict } = claim(anObservation({ claim: existing }))
    expect([writes, verdict?.reason]).toEqual([[], reason])
  })

  test.each([
    ['is being deleted', aManagedClaim({ metadata: { deletionTimestamp: EARLIER } })],
    ['is lost', aManagedClaim({ status: { phase: 'Lost' } })],
    ['is of somebody else', aClaim({ name: 'modelcache--llama' })],
  ])('that %s loses the Jobs, whose pods would keep it', (_, existing) => {
    const runs = { hydrate: { job: aJob(aTakenUpCache()), pods: [] } }
    expect(claim(anObservation({ claim: existing, runs })).writes).toMatchObject([
      { do: 'delete', kind: 'HydrationJob' },
    ])
  })

  test('that has lost its volume is deleted when somebody asks for it', () => {
    const cache = aTakenUpCache({ metadata: { annotations: { [REFETCH]: 'now' } } })
    const lost = aManagedClaim({ status: { phase: 'Lost' } })
    expect(claim(anObservation({ cache, claim: lost })).writes).toMatchObject([
      { do: 'delete', kind: 'PersistentVolumeClaim', uid: 'uid-of-the-claim' },
    ])
  })

  test.each([
    ['with our label', LEFT_BEHIND, true],
    ['of another class', { ...LEFT_BEHIND, storageClassName: 'other' }, false],
    ['of another cache', { ...LEFT_BEHIND, metadata: { labels: { [CLAIM_OF]: 'other' } } }, false],
    ['that one node alone can mount', { ...LEFT_BEHIND, accessModes: ['ReadWriteOnce'] }, false],
  ])('without an owner, %s, is taken over: %s', (_, given, isTaken) => {
    const { writes, verdict } = claim(anObservation({ claim: aClaim(given) }))
    const owner = { kind: 'ModelCache', name: 'llama', uid: 'uid-of-the-cache', controller: true }
    const adoption = { do: 'merge', patch: { metadata: { ownerReferences: [owner] } } }
    expect(writes).toMatchObject(isTaken ? [adoption] : [])
    expect(verdict?.reason).toBe(isTaken ? 'Provisioning' : 'ClaimNotOwned')
  })

  test('that is ours is named in status, with its UID', () => {
    expect(claim(anObservation({ claim: aManagedClaim() }))).toEqual({
      next: true,
      writes: [],
      status: { claimName: 'modelcache--llama', claimUID: 'uid-of-the-claim' },
    })
  })
})

test('a claim that is not bound does not grow', () => {
  const cache = aTakenUpCache({ spec: { storage: { pvc: { sizeGiB: 20 } } } })
  expect(growth(anObservation({ cache, claim: aManagedClaim({ status: { phase: 'Pending' } }) }))).toEqual([])
})

test.each([
  [
    20,
    [
      {
        do: 'merge',
        kind: 'PersistentVolumeClaim',
        name: 'modelcache--llama',
        patch: { spec: { resources: { requests: { storage: '20Gi' } } } },
      },
    ],
  ],
  [10, []],
  [5, []],
])('a claim of 10Gi that is to have %i GiB grows, and never shrinks', (sizeGiB, expected) => {
  const cache = aTakenUpCache({ spec: { storage: { pvc: { sizeGiB } } } })
  expect(growth(anObservation({ cache, claim: aManagedClaim() }))).toMatchObject(expected)
})
