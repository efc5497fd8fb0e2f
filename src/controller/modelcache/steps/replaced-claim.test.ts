import { describe, expect, test } from 'vitest'
import { aClaim, DIGEST } from '../../../api/fixtures.ts'
import { CLAIM_OF } from '../../../api/names.ts'
import {
  aHydrationPod,
  aJob,
  aManagedClaim,
  anObservation,
  aTakenUpCache,
  EARLIER,
  STAGED,
  theJobIs,
} from '../fixtures.ts'
import type { Observation } from '../observe.ts'
import { plan } from '../plan.ts'

const staged = aTakenUpCache({ status: STAGED, metadata: { finalizers: [] } })
const another = aManagedClaim({ metadata: { uid: 'uid-of-another' } })

const planned = (given: Partial<Observation>) => {
  const { status, writes, events } = plan(anObservation({ cache: staged, ...given }))
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const populated = status?.conditions?.find(({ type }) => type === 'Populated')?.status
  return {
    phase: status?.phase,
    reason: ready?.reason,
    message: ready?.message,
    populated,
    status,
    writes,
    events,
  }
}

/** The verifying Job, with the claim that it mounts, and how its hydrator ended. */
const verifying = (ended: { exitCode: number; message: string }) => {
  const hydration = { ...STAGED.hydration, jobUID: 'uid-of-the-job' }
  const cache = aTakenUpCache({ status: { ...STAGED, hydration }, metadata: { finalizers: [] } })
  const status = theJobIs(ended.exitCode === 0 ? 'Complete' : 'Failed')
  const job = aJob(cache, { purpose: 'verify', claimUID: 'uid-of-another', status })
  return planned({ cache, claim: another, runs: { verify: { job, pods: [aHydrationPod({ ended })] } } })
}

describe('the claim of a staged cache', () => {
  test('that is gone is created again, and what status knows stays until it is there', () => {
    const found = planned({})
    expect([found.phase, found.reason, found.populated]).toEqual(['Provisioning', 'Provisioning', 'False'])
    expect(found.message).toContain('is gone, and the snapshot with it')
    expect(found.writes).toMatchObject([{ do: 'create', kind: 'PersistentVolumeClaim' }])
    expect(found.status).toMatchObject({ resolvedDigest: DIGEST, claimUID: 'uid-of-the-claim' })
    expect(found.events).toMatchObject([{ type: 'Warning', reason: 'NotReady' }])
  })

  test('that is another one is hashed first', () => {
    const found = planned({ claim: another })
    expect([found.phase, found.reason, found.populated]).toEqual(['Hydrating', 'Verifying', 'False'])
    expect(found.message).toContain('claim modelcache--llama is another one than before; Job ')
    expect(found.writes).toMatchObject([{ do: 'start', purpose: 'verify' }])
  })

  test('that was restored without its owner is taken over first', () => {
    const restored = aClaim({
      name: 'modelcache--llama',
      storageClassName: 'shared',
      accessModes: ['ReadWriteMany'],
      metadata: { uid: 'uid-of-another', labels: { [CLAIM_OF]: 'llama' } },
    })
    expect(planned({ claim: restored }).writes).toMatchObject([
      { do: 'merge', patch: { metadata: { ownerReferences: [{ uid: 'uid-of-the-cache' }] } } },
    ])
  })

  test('that somebody else has created is left alone', () => {
    const found = planned({ claim: aClaim({ name: 'modelcache--llama' }) })
    expect([found.reason, found.writes]).toEqual(['ClaimNotOwned', []])
    expect(found.message).toContain('kubectl -n ml-team delete pvc modelcache--llama')
  })

  test('that is another one and already goes is waited for', () => {
    const claim = aManagedClaim({ metadata: { uid: 'uid-of-another', deletionTimestamp: EARLIER } })
    expect(planned({ claim }).reason).toBe('ClaimTerminating')
  })
})

describe('a claim that was hashed', () => {
  test('serves the cache if every file is on it', () => {
    const message = JSON.stringify({ snapshots: 1, digest: DIGEST, files: 1, bytes: 1, seconds: 1 })
    const found = verifying({ exitCode: 0, message })
    expect([found.phase, found.populated]).toEqual(['Ready', 'True'])
    expect(found.status).toMatchObject({
      claimUID: 'uid-of-another',
      resolvedDigest: DIGEST,
      snapshots: [{ digest: DIGEST }],
      verification: { digest: DIGEST, intact: true },
    })
  })

  test.each(['SnapshotDamaged', 'SnapshotNotFound'])('is staged anew for reason %s', reason => {
    const found = verifying({ exitCode: 1, message: JSON.stringify({ reason, message: 'no' }) })
    expect([found.phase, found.reason]).toEqual(['Pending', 'ClaimReplaced'])
    expect(found.message).toContain('stages the cache again')
    const { resolvedDigest, claimUID, snapshots, hydration } = found.status ?? {}
    expect([resolvedDigest, claimUID, snapshots, hydration]).toEqual(Array(4).fill(undefined))
  })
})
