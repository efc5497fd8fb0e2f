import { describe, expect, test } from 'vitest'
import { aClaim, aStorageClass, aVolume, NAMESPACE } from '../../api/fixtures.ts'
import type { StorageClass } from '../../api/kubernetes/storage-class.ts'
import { allow } from '../decision.ts'
import { aView, findingsOf, reasonsOf, textOf } from '../fixtures.ts'
import { create, EMPTY, onClaim } from './fixtures.ts'

describe('the claim that people filled', () => {
  const basis = [{ kind: 'PersistentVolumeClaim', namespace: NAMESPACE, name: 'ops-staged' }]

  test('is ClaimNotFound when it does not exist, on the basis of that claim', () => {
    const decision = create(onClaim({ name: 'ops-staged' }), EMPTY)
    expect(findingsOf(decision)).toMatchObject([
      { violation: { reason: 'ClaimNotFound', field: 'spec.storage.existingPVC.name' }, basis },
    ])
    expect(textOf(decision)).toContain('ml-team/ops-staged')
    expect(textOf(decision)).toContain('create it first')
  })

  test('is ClaimNotFound in another namespace, even if there is one: pods could not mount it', () => {
    const claims = [aClaim({ metadata: { namespace: 'other' } })]
    expect(reasonsOf(create(onClaim({ name: 'ops-staged' }), aView({ claims })))).toEqual(['ClaimNotFound'])
    const named = create(onClaim({ name: 'ops-staged', namespace: 'other' }), aView({ claims }))
    expect(findingsOf(named)).toMatchObject([
      { violation: { reason: 'ClaimNotFound', field: 'spec.storage.existingPVC.namespace' }, basis: [] },
    ])
  })

  test.each([
    ['ReadWriteOnce', ['ReadWriteOnce']],
    ['ReadWriteOncePod', ['ReadWriteOncePod']],
    ['without access modes', []],
  ])('is ClaimNotShared when it is %s, on the basis of that claim', (found, accessModes) => {
    const decision = create(onClaim({ name: 'ops-staged' }), aView({ claims: [aClaim({ accessModes })] }))
    expect(findingsOf(decision)).toMatchObject([
      { violation: { reason: 'ClaimNotShared', field: 'spec.storage.existingPVC.name' }, basis },
    ])
    expect(textOf(decision)).toContain(found)
    expect(textOf(decision)).toContain('ReadWriteMany or ReadOnlyMany')
  })

  test.each([
    ['a raw device', aClaim({ volumeMode: 'Block' }), 'use a claim of volumeMode Filesystem'],
    [
      'being deleted',
      aClaim({ metadata: { deletionTimestamp: '2031-05-04T03:02:01Z' } }),
      'wait until it is gone',
    ],
    ['without its volume', aClaim({ status: { phase: 'Lost' } }), 'has lost its volume'],
  ])('is ClaimNotMountable when it is %s, on the basis of that claim', (_, claim, words) => {
    const decision = create(onClaim({ name: 'ops-staged' }), aView({ claims: [claim] }))
    expect(findingsOf(decision)).toMatchObject([
      { violation: { reason: 'ClaimNotMountable', field: 'spec.storage.existingPVC.name' }, basis },
    ])
    expect(textOf(decision)).toContain(words)
  })

  test('is ClaimNotShared when its volume is on one node alone, on the basis of both', () => {
    const claims = [aClaim({ volumeName: 'disk' })]
    const decision = create(
      onClaim({ name: 'ops-staged' }),
      aView({ claims, volumes: [aVolume('disk', 'worker-1')] }),
    )
    expect(findingsOf(decision)).toMatchObject([
      {
        violation: { reason: 'ClaimNotShared', field: 'spec.storage.existingPVC.name' },
        basis: [...basis, { kind: 'PersistentVolume', name: 'disk' }],
      },
    ])
    expect(textOf(decision)).toContain('node "worker-1"')
    for (const volume of [aVolume('disk'), aVolume('disk', 'a', 'b'), aVolume('other', 'worker-1')])
      expect(create(onClaim({ name: 'ops-staged' }), aView({ claims, volumes: [volume] }))).toEqual(allow())
  })

  test.each([['ReadOnlyMany'], ['ReadWriteMany'], ['ReadWriteOnce', 'ReadOnlyMany']])(
    'may be %s',
    (...accessModes) => {
      expect(create(onClaim({ name: 'ops-staged' }), aView({ claims: [aClaim({ accessModes })] }))).toEqual(
        allow(),
      )
    },
  )

  test('that has no volume until a pod mounts it is told to be filled first', () => {
    const claim = aClaim({ status: { phase: 'Pending' } })
    const waiting = { ...claim, spec: { ...claim.spec, storageClassName: 'shared' } }
    const late = { ...aStorageClass(), volumeBindingMode: 'WaitForFirstConsumer' }
    const decide = (claims: (typeof claim)[], one: StorageClass = late) =>
      create(onClaim({ name: 'ops-staged' }), aView({ claims, classes: [one] }))
    expect(decide([waiting])).toMatchObject({
      allowed: true,
      warnings: [{ violation: { reason: 'ClaimUnfilled' }, basis }],
    })
    expect(decide([waiting], aStorageClass())).toEqual(allow())
    expect(decide([{ ...waiting, status: { phase: 'Bound' } }])).toEqual(allow())
    expect(decide([claim])).toEqual(allow())
  })

  test('need not be Bound yet: that is for the status to say', () => {
    const claims = [aClaim({ status: { phase: 'Pending' } })]
    expect(create(onClaim({ name: 'ops-staged' }), aView({ claims }))).toEqual(allow())
  })
})
