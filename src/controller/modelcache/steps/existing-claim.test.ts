import { describe, expect, test } from 'vitest'
import { aClaim, aStorageClass, aVolume } from '../../../api/fixtures.ts'
import { claimState } from './existing-claim.ts'

describe('a claim is ready', () => {
  test.each([
    [['ReadWriteMany'], 'ReadWriteMany'],
    [['ReadOnlyMany'], 'ReadOnlyMany'],
    [['ReadWriteOnce', 'ReadOnlyMany'], 'ReadWriteOnce, ReadOnlyMany'],
  ])('when it is Bound and its volume is %j', (accessModes, words) => {
    const state = claimState('ops-staged', aClaim({ accessModes }))
    expect(state).toMatchObject({ ready: true, reason: 'ClaimBound' })
    expect(state.message).toContain('ops-staged')
    expect(state.message).toContain(words)
  })
})

describe('a claim that waits for its first consumer', () => {
  const waiting = { ...aStorageClass(), volumeBindingMode: 'WaitForFirstConsumer' }
  const unbound = aClaim({ status: { phase: 'Pending' } })

  test('is told to be filled, because waiting alone ends nothing', () => {
    const state = claimState('ops-staged', unbound, { storageClass: waiting })
    expect(state).toMatchObject({ ready: false, reason: 'ClaimWaitsForConsumer' })
    expect(state.message).toContain('run a Job that mounts it and fills it')
  })

  test('is ready once it is bound, and of another class it is only not bound', () => {
    expect(claimState('ops-staged', aClaim(), { storageClass: waiting })).toMatchObject({ ready: true })
    expect(claimState('ops-staged', unbound, { storageClass: aStorageClass() })).toMatchObject({
      reason: 'ClaimNotBound',
    })
  })
})

describe('a claim is not ready', () => {
  test('when its volume is on one node alone, whatever it promises', () => {
    const claim = aClaim({ volumeName: 'disk' })
    const state = claimState('ops-staged', claim, { volume: aVolume('disk', 'worker-1') })
    expect(state).toMatchObject({ ready: false, reason: 'ClaimNotShared' })
    expect(state.message).toContain('node "worker-1"')
    for (const volume of [aVolume('disk'), aVolume('disk', 'a', 'b')])
      expect(claimState('ops-staged', claim, { volume })).toMatchObject({ ready: true })
  })

  test.each([
    ['ClaimNotFound', 'it does not exist', undefined, 'does not exist'],
    ['ClaimNotBound', 'it is Pending', aClaim({ status: { phase: 'Pending' } }), 'is Pending'],
    ['ClaimNotBound', 'it has no phase yet', aClaim({ status: { phase: undefined } }), 'is Pending'],
    ['ClaimNotMountable', 'it is a raw device', aClaim({ volumeMode: 'Block' }), 'is a raw device'],
    ['ClaimLost', 'its volume is gone', aClaim({ status: { phase: 'Lost' } }), 'lost its volume'],
    [
      'ClaimTerminating',
      'it is being deleted, although pods still hold it Bound',
      aClaim({ metadata: { deletionTimestamp: '2031-05-04T03:02:01Z' } }),
      'is being deleted',
    ],
    ['ClaimNotShared', 'one node mounts it', aClaim({ accessModes: ['ReadWriteOnce'] }), 'is ReadWriteOnce,'],
    ['ClaimNotShared', 'it tells no modes', aClaim({ accessModes: [] }), 'is without access modes,'],
    [
      'ClaimNotShared',
      'its volume gives less than was asked for',
      aClaim({ accessModes: ['ReadWriteMany'], status: { phase: 'Bound', accessModes: ['ReadWriteOnce'] } }),
      'is ReadWriteOnce,',
    ],
  ])('as %s when %s', (reason, _, claim, words) => {
    const state = claimState('ops-staged', claim)
    expect(state).toMatchObject({ ready: false, reason })
    expect(state.message).toContain('ops-staged')
    expect(state.message).toContain(words)
  })
})
