import { describe, expect, test } from 'vitest'
import { DIGEST } from '../../../api/fixtures.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { REFETCH, STORAGE_FINALIZER, VERIFY } from '../../../api/names.ts'
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

const damaged = {
  digest: DIGEST,
  intact: false,
  message: 'snapshot x is not what it was',
  finishedAt: EARLIER,
}
const INTACT = JSON.stringify({ snapshots: 1, digest: DIGEST, files: 2, bytes: 3, seconds: 1 })
const DAMAGED = JSON.stringify({ reason: 'SnapshotDamaged', message: '"a" (other content)' })

function planned(
  annotations: Record<string, string>,
  status: Partial<ModelCacheStatus> = {},
  job?: JobGiven,
) {
  const cache = aTakenUpCache({
    metadata: { annotations, finalizers: REFETCH in annotations ? [STORAGE_FINALIZER] : [] },
    status: { ...STAGED, ...status },
  })
  const runs: Observation['runs'] = job === undefined ? {} : runsOf(cache, job)
  return plan(anObservation({ cache, claim: aManagedClaim(), runs }))
}

interface JobGiven {
  status?: ReturnType<typeof theJobIs>
  said?: { exitCode: number; message: string }
}

function runsOf(cache: ReturnType<typeof aTakenUpCache>, { status, said }: JobGiven): Observation['runs'] {
  const job = aJob(cache, { purpose: 'verify', ...(status && { status }) })
  return { verify: { job, pods: said === undefined ? [] : [aHydrationPod({ ended: said })] } }
}

const ASKED = { [VERIFY]: 'now' }

test('a Job starts when the annotation asks for it, and the cache stays Ready', () => {
  const { writes, status } = planned(ASKED)
  expect(writes).toEqual([
    {
      do: 'start',
      kind: 'HydrationJob',
      purpose: 'verify',
      claim: { uid: 'uid-of-the-claim', bytes: 10 * 2 ** 30 },
    },
  ])
  expect(status).toMatchObject({
    phase: 'Ready',
    hydration: { message: expect.stringMatching(/^Verifying: /) },
  })
})

test('nothing starts for a cache that is not staged, or was verified for that value', () => {
  expect(planned(ASKED, { resolvedDigest: undefined }).writes).not.toContainEqual(
    expect.objectContaining({ purpose: 'verify' }),
  )
  expect(planned(ASKED, { hydration: { verify: 'now' } }).writes).toEqual([])
})

test('an intact snapshot is noted, and the Job goes afterwards', () => {
  const said = { exitCode: 0, message: INTACT }
  const { status, writes } = planned(ASKED, {}, { status: theJobIs('Complete'), said })
  expect(writes).toEqual([])
  expect(status).toMatchObject({
    phase: 'Ready',
    verification: { digest: DIGEST, intact: true, finishedAt: '2031-06-01T11:59:59Z' },
    hydration: { verify: 'now' },
  })
  const next = planned(ASKED, { hydration: { verify: 'now' } }, { status: theJobIs('Complete'), said })
  expect(next.writes).toMatchObject([{ do: 'delete', kind: 'HydrationJob' }])
})

describe('a damaged snapshot', () => {
  test('ends Ready at once, and the message says how to repair it', () => {
    const said = { exitCode: 1, message: DAMAGED }
    const { status, events } = planned(ASKED, {}, { status: theJobIs('Failed'), said })
    expect(status).toMatchObject({
      phase: 'Failed',
      verification: { digest: DIGEST, intact: false },
      hydration: { verify: 'now' },
    })
    expect(status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'SnapshotDamaged',
      message: expect.stringMatching(/^"a" \(other content\); then: kubectl .*modelplane\.ai\/refetch/),
    })
    expect(events).toMatchObject([{ type: 'Warning', reason: 'NotReady' }])
  })

  test('is noted as soon as the hydrator says so, and with how to repair it', () => {
    const said = { exitCode: 1, message: DAMAGED }
    const { status } = planned(ASKED, {}, { said })
    expect(status?.verification).toMatchObject({ intact: false, message: expect.stringContaining('refetch') })
  })

  test('stays so until it is staged again, which hashes every file', () => {
    const { status } = planned({}, { verification: damaged })
    expect(status).toMatchObject({ phase: 'Failed', verification: damaged })
    const again = planned({ [REFETCH]: 'now' }, { verification: damaged })
    expect(again.status).toMatchObject({ phase: 'Failed', verification: damaged })
    expect(again.writes).toMatchObject([{ do: 'start', purpose: 'hydrate' }])
  })

  test('of an older digest does not count', () => {
    const older = { ...damaged, digest: `sha256:${'7d'.repeat(32)}` }
    expect(planned({}, { verification: older }).status?.phase).toBe('Ready')
  })
})

test('a verification that could not read the snapshot says so, is tried again, and decides nothing', () => {
  const said = { exitCode: 75, message: JSON.stringify({ reason: 'InternalError', message: 'EIO' }) }
  const { status, againMs } = planned(ASKED, {}, { status: theJobIs('Failed'), said })
  expect(status).toMatchObject({ phase: 'Ready', hydration: { message: expect.stringContaining('EIO') } })
  expect(status?.verification).toBeUndefined()
  expect(againMs).toBeGreaterThan(0)
})
