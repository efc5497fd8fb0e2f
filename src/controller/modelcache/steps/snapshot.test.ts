import { expect, test } from 'vitest'
import { DIGEST } from '../../../api/fixtures.ts'
import { aHydrationPod, aJob, aManagedClaim, anObservation, aTakenUpCache, theJobIs } from '../fixtures.ts'
import { snapshot } from './snapshot.ts'

const REPORT = {
  digest: DIGEST,
  revision: '58a2188',
  path: `snapshots/${DIGEST.replace(':', '-')}`,
  bytes: 3 * 2 ** 20,
  files: 8,
  seconds: 1.2,
}

/** A complete Job, and what its pod reported. */
function complete(report: string, status: object = {}) {
  const cache = aTakenUpCache({ status: { hydration: { jobUID: 'uid-of-the-job', attempt: 2 }, ...status } })
  const job = aJob(cache, { status: theJobIs('Complete') })
  const pods = [aHydrationPod({ ended: { exitCode: 0, message: report } })]
  return snapshot(anObservation({ cache, claim: aManagedClaim(), runs: { hydrate: { job, pods } } }))
}

test('a Job starts that writes the snapshot', () => {
  const { writes, verdict } = snapshot(anObservation({ claim: aManagedClaim() }))
  expect(writes).toMatchObject([{ do: 'start', kind: 'HydrationJob', purpose: 'hydrate' }])
  expect(verdict).toMatchObject({ ready: false, reason: 'Hydrating' })
})

test('the report of its pod makes the cache Ready', () => {
  const { status, verdict } = complete(JSON.stringify(REPORT))
  expect(verdict).toMatchObject({
    ready: true,
    reason: 'SnapshotComplete',
    message: '8 files of 3 MiB are on claim modelcache--llama, staged in 2 s',
  })
  expect(status).toMatchObject({
    resolvedDigest: DIGEST,
    resolvedRevision: '58a2188',
    snapshots: [{ digest: DIGEST }],
    bytesTotal: REPORT.bytes,
    filesStaged: 8,
  })
})

test('an older snapshot stays known, and the oldest go when there is no more room', () => {
  const old = Array.from({ length: 64 }, (_, n) => ({ digest: `sha256:${String(n).padStart(64, '0')}` }))
  const { status } = complete(JSON.stringify(REPORT), { snapshots: old })
  expect(status?.snapshots).toEqual([...old.slice(1), { digest: DIGEST }])
})

test('a report that is not one never makes the cache Ready', () => {
  const { status, verdict } = complete(JSON.stringify({ ...REPORT, digest: 'sha256:short' }))
  expect(verdict).toMatchObject({ ready: false, reason: 'HydrationFailed', phase: 'Failed' })
  expect(status?.resolvedDigest).toBeUndefined()
})
