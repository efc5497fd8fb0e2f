import { describe, expect, test } from 'vitest'
import { DIGEST } from '../../../api/fixtures.ts'
import { REFETCH } from '../../../api/names.ts'
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

const ready = (given: Parameters<typeof aTakenUpCache>[0] = {}) => aTakenUpCache({ status: STAGED, ...given })
const verdict = (given: Partial<Observation>) => {
  const { status, writes } = plan(
    anObservation({ cache: ready({ metadata: { finalizers: [] } }), claim: aManagedClaim(), ...given }),
  )
  const condition = status?.conditions?.find(({ type }) => type === 'Ready')
  return { phase: status?.phase, reason: condition?.reason, status, writes }
}

describe('a cache that was staged', () => {
  test.each<[string, Partial<Observation>]>([
    [
      'its class is gone',
      { storageClass: { name: 'gone', inferenceCluster: undefined, found: undefined, basis: [] } },
    ],
    ['the API server denies a write', { rejection: { kind: 'Job', isQuota: true, message: 'no' } }],
    ['its claim says Pending', { claim: aManagedClaim({ status: { phase: 'Pending' } }) }],
  ])('is Ready although %s', (_, given) => {
    const { phase, reason, status } = verdict(given)
    expect([phase, reason]).toEqual(['Ready', 'SnapshotComplete'])
    expect(status).toMatchObject({
      resolvedDigest: DIGEST,
      resolvedRevision: 'abc',
      snapshots: [{ digest: DIGEST }],
    })
    expect(status?.conditions?.[0]?.message).toBe('7 files are on it')
  })

  test.each([
    ['Pending', 'ClaimTerminating', aManagedClaim({ metadata: { deletionTimestamp: EARLIER } })],
    ['Failed', 'ClaimLost', aManagedClaim({ status: { phase: 'Lost' } })],
  ])('is %s for reason %s', (phase, reason, claim) => {
    const found = verdict({ claim })
    expect([found.phase, found.reason]).toEqual([phase, reason])
    expect(found.status?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'False' })
  })

  test('loses its Job, whose pod pins the claim', () => {
    const job = aJob(ready(), { status: theJobIs('Complete') })
    expect(verdict({ cache: ready(), runs: { hydrate: { job, pods: [] } } }).writes).toMatchObject([
      { do: 'delete', uid: 'uid-of-the-job' },
    ])
  })
})

describe('staged again', () => {
  const cache = ready({ metadata: { annotations: { [REFETCH]: 'now' } } })

  test('it is Ready meanwhile', () => {
    const { phase, writes } = verdict({ cache })
    expect([phase, writes]).toMatchObject([
      'Ready',
      [{ do: 'start', kind: 'HydrationJob', purpose: 'hydrate' }],
    ])
  })

  test('it is Ready when that fails', () => {
    const pods = [
      aHydrationPod({ ended: { exitCode: 1, message: '{"reason":"Unauthorized","message":"no"}' } }),
    ]
    const found = verdict({
      cache,
      runs: { hydrate: { job: aJob(cache, { status: theJobIs('Failed') }), pods } },
    })
    expect([found.phase, found.reason, found.status?.resolvedDigest]).toEqual([
      'Ready',
      'SnapshotComplete',
      DIGEST,
    ])
    expect(found.status?.hydration?.message).toContain('Unauthorized: no')
  })

  test('it gets the new digest, and keeps the old snapshot for pods that run on it', () => {
    const digest = `sha256:${'7d'.repeat(32)}`
    const message = JSON.stringify({
      digest,
      path: 'snapshots/x',
      bytes: 5,
      files: 2,
      seconds: 1,
      leftOut: 3,
    })
    const pods = [aHydrationPod({ ended: { exitCode: 0, message } })]
    const { status } = verdict({
      cache,
      runs: { hydrate: { job: aJob(cache, { status: theJobIs('Complete') }), pods } },
    })
    expect(status).toMatchObject({
      phase: 'Ready',
      resolvedDigest: digest,
      snapshots: [{ digest: DIGEST }, { digest }],
      hydration: { refetch: 'now' },
    })
    // For the old content.
    expect(status?.resolvedRevision).toBeUndefined()
    expect(status?.conditions?.[0]?.message).toContain(
      '3 files that repeat the same weights are left out; set include to stage them too',
    )
  })
})
