import { describe, expect, test } from 'vitest'
import { aHydrationPod, aJob, aManagedClaim, anObservation, aTakenUpCache, theJobIs } from '../fixtures.ts'
import { size } from './size.ts'

const unsized = (status: object = {}) =>
  aTakenUpCache({ spec: { storage: { pvc: { storageClassName: 'shared' } } }, status })

/** A complete Job that measured, and what its pod reported. */
function measured(report: string) {
  const cache = unsized({ hydration: { jobUID: 'uid-of-the-job', attempt: 1 } })
  const job = aJob(cache, { purpose: 'measure', status: theJobIs('Complete') })
  const pods = [aHydrationPod({ ended: { exitCode: 0, message: report } })]
  return size(anObservation({ cache, runs: { measure: { job, pods } } }))
}

describe('the size is known, and the next step looks,', () => {
  test.each([
    ['if the ModelCache gives it', anObservation()],
    ['if a Job has measured it', anObservation({ cache: unsized({ bytesTotal: 5 }) })],
    ['if the claim exists', anObservation({ cache: unsized(), claim: aManagedClaim() })],
    [
      'if the source is part of the cluster',
      anObservation({
        cache: aTakenUpCache({
          spec: {
            artifact: { source: { inline: { files: { a: 'b' } } } },
            storage: { pvc: { storageClassName: 'shared' } },
          },
        }),
      }),
    ],
  ])('%s', (_, seen) => {
    expect(size(seen)).toEqual({ next: true, writes: [] })
  })
})

test('a Job that has measured is deleted once the size is known', () => {
  const cache = unsized({ bytesTotal: 5 })
  const job = aJob(cache, { purpose: 'measure' })
  const { writes } = size(anObservation({ cache, runs: { measure: { job, pods: [] } } }))
  expect(writes).toMatchObject([{ do: 'delete', kind: 'HydrationJob', uid: 'uid-of-the-job' }])
})

test('without a size, a Job starts that measures', () => {
  const { writes, verdict } = size(anObservation({ cache: unsized() }))
  expect(writes).toEqual([{ do: 'start', kind: 'HydrationJob', purpose: 'measure' }])
  expect(verdict).toMatchObject({ reason: 'Measuring', phase: 'Resolving' })
})

test('the report gives bytes and revision, and the next run is a first one', () => {
  const { status, verdict } = measured('{"bytes":1073741824,"files":3,"revision":"58a2188"}')
  expect(status).toEqual({
    bytesTotal: 1_073_741_824,
    resolvedRevision: '58a2188',
    hydration: { jobUID: 'uid-of-the-job', attempt: undefined },
  })
  expect(verdict).toMatchObject({ reason: 'Measuring', phase: 'Resolving' })
})

test('a report that is not one is a failure that is retried', () => {
  const { status, verdict } = measured('{"bytes":"many"}')
  expect(status?.bytesTotal).toBeUndefined()
  expect(verdict).toMatchObject({ reason: 'HydrationFailed', phase: 'Failed' })
})
