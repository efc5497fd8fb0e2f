import { describe, expect, test } from 'vitest'
import { aClaim, aModelCache, aStorageClass } from '../../../api/fixtures.ts'
import { STORAGE_FINALIZER } from '../../../api/names.ts'
import { anObservation, EARLIER, STAGED } from '../fixtures.ts'
import type { Observation } from '../observe.ts'
import { plan } from '../plan.ts'

// A source, and a folder of a claim that people made.

const storage = { backend: 'ExistingPVC', existingPVC: { name: 'models', subPath: 'llama' } } as const
const aCache = (given: Parameters<typeof aModelCache>[0] = {}) =>
  aModelCache({ ...given, metadata: { uid: 'u', finalizers: [STORAGE_FINALIZER] }, spec: { storage } })

const claim = (given: Parameters<typeof aClaim>[0] = {}) =>
  aClaim({ name: 'models', ...given, metadata: { uid: 'uid-of-the-claim', ...given.metadata } })

const planned = (given: Partial<Observation>) => {
  const { status, writes } = plan(anObservation({ cache: aCache(), ...given }))
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return { phase: status?.phase, reason: ready?.reason, status, writes }
}

describe('a cache that is staged into a claim of others', () => {
  test('starts a Job once the claim is there', () => {
    const { writes, status } = planned({ claim: claim() })
    expect(writes).toMatchObject([{ do: 'start', purpose: 'hydrate' }])
    expect(status).toMatchObject({ claimName: 'models', claimUID: 'uid-of-the-claim' })
  })

  test('starts a Job if the claim waits for its first consumer', () => {
    const claimClass = aStorageClass()
    const found = planned({
      claim: claim({ status: { phase: 'Pending' } }),
      claimClass: { ...claimClass, volumeBindingMode: 'WaitForFirstConsumer' },
    })
    expect(found.writes).toMatchObject([{ do: 'start', purpose: 'hydrate' }])
  })

  test.each([
    ['ClaimNotFound', undefined],
    ['ClaimTerminating', claim({ metadata: { deletionTimestamp: EARLIER } })],
    ['ClaimNotBound', claim({ status: { phase: 'Pending' } })],
    ['ClaimNotShared', claim({ accessModes: ['ReadOnlyMany'] })],
    ['ClaimNotMountable', claim({ volumeMode: 'Block' })],
  ])('writes nothing for reason %s', (reason, found) => {
    const { writes, reason: said, phase } = planned({ claim: found })
    expect([writes, said, phase]).toEqual([[], reason, 'Pending'])
  })

  test('is Ready when it is staged, and stays so, whatever the phase of the claim', () => {
    const cache = aCache({ status: { ...STAGED, claimName: 'models' } })
    for (const phase of ['Bound', 'Pending']) {
      const found = planned({ cache, claim: claim({ status: { phase } }) })
      expect([found.phase, found.status?.claimUID]).toEqual(['Ready', 'uid-of-the-claim'])
    }
  })

  test('hashes another claim of that name, which it does not own', () => {
    const cache = aCache({ status: { ...STAGED, claimName: 'models' } })
    const found = planned({ cache, claim: claim({ metadata: { uid: 'another' } }) })
    expect(found.writes).toContainEqual(expect.objectContaining({ do: 'start', purpose: 'verify' }))
    expect(found.writes).not.toContainEqual(expect.objectContaining({ kind: 'PersistentVolumeClaim' }))
    expect(found.status?.claimUID).toBe('uid-of-the-claim')
  })

  test('leaves the claim alone when it goes', () => {
    const cache = aCache({ metadata: {} })
    const deleted = { ...cache, metadata: { ...cache.metadata, deletionTimestamp: EARLIER } }
    expect(plan(anObservation({ cache: deleted, claim: claim() })).writes).toEqual([
      { do: 'finalizer', present: false },
    ])
  })
})
