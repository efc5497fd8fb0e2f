import { describe, expect, test } from 'vitest'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { REFETCH } from '../../api/names.ts'
import {
  aHydrationPod,
  aJob,
  aManagedClaim,
  anObservation,
  aTakenUpCache,
  NOW,
  STAGED,
  theJobIs,
} from './fixtures.ts'
import type { Observation } from './observe.ts'
import { plan } from './plan.ts'
import { dueAt, isToBeStagedAgain } from './refetch.ts'

const HOUR = 3_600_000
const ago = (ms: number) => new Date(NOW - ms).toISOString()

function cache(
  every: string | undefined,
  status: Partial<ModelCacheStatus> = {},
  annotations: Record<string, string> = {},
) {
  return aTakenUpCache({
    metadata: { annotations },
    spec: every === undefined ? {} : { refetch: { every } },
    status: { ...STAGED, lastHydratedAt: ago(2 * HOUR), ...status },
  })
}

test.each<[string | undefined, Partial<ModelCacheStatus>, boolean]>([
  ['1h', {}, true],
  ['90m', {}, true],
  ['3h', {}, false],
  [undefined, {}, false],
  ['1h', { lastCheckedAt: ago(HOUR / 2) }, false],
  ['1h', { lastCheckedAt: undefined, lastHydratedAt: undefined }, false],
])('every %s with %j: %j', (every, status, expected) => {
  expect(isToBeStagedAgain(cache(every, status), NOW)).toBe(expected)
})

test('no two caches look at the same time, and none more than a tenth late', () => {
  const due = ['a', 'b', 'c'].map(uid => {
    const one = cache('10h')
    return (dueAt({ ...one, metadata: { ...one.metadata, uid } }) ?? 0) - (NOW - 2 * HOUR)
  })
  expect(new Set(due).size).toBe(3)
  for (const each of due) expect(each).toBeGreaterThanOrEqual(10 * HOUR)
  for (const each of due) expect(each).toBeLessThan(11 * HOUR)
})

describe('when the time has come', () => {
  const planned = (one: ReturnType<typeof cache>, runs: Observation['runs'] = {}) =>
    plan(anObservation({ cache: one, claim: aManagedClaim(), runs }))
  const due = cache('1h')
  const ended = (message: object, exitCode: number) => {
    const job = aJob(due, { status: theJobIs(exitCode === 0 ? 'Complete' : 'Failed') })
    return {
      hydrate: { job, pods: [aHydrationPod({ ended: { exitCode, message: JSON.stringify(message) } })] },
    }
  }

  test('a Job looks, and the cache stays Ready', () => {
    const { writes, status } = planned(due)
    expect(writes).toContainEqual(expect.objectContaining({ do: 'start', purpose: 'hydrate' }))
    expect(status?.phase).toBe('Ready')
  })

  test('what it finds is noted, with the time', () => {
    const report = { digest: STAGED.resolvedDigest, path: 'x', bytes: 1, files: 1, seconds: 1 }
    const { status } = planned(due, ended(report, 0))
    expect(status).toMatchObject({ phase: 'Ready', lastCheckedAt: expect.stringMatching(/^2031/) })
  })

  test('a source that is down is a Warning, and is looked at the next time', () => {
    const { status, events, writes } = planned(due, ended({ reason: 'SourceNotFound', message: 'gone' }, 1))
    expect(status).toMatchObject({ phase: 'Ready', resolvedDigest: STAGED.resolvedDigest })
    expect(events).toMatchObject([
      { type: 'Warning', reason: 'RefetchFailed', note: expect.stringContaining('gone') },
    ])
    expect(writes).toContainEqual(expect.objectContaining({ do: 'delete' }))
    expect(isToBeStagedAgain({ ...due, status: { ...due.status, ...status } }, NOW)).toBe(false)
  })

  test('what somebody asked for is not given up', () => {
    const asked = cache('1h', {}, { [REFETCH]: 'now' })
    const job = aJob(asked, { status: theJobIs('Failed') })
    const message = JSON.stringify({ reason: 'SourceNotFound', message: 'gone' })
    const { status, events } = planned(asked, {
      hydrate: { job, pods: [aHydrationPod({ ended: { exitCode: 1, message } })] },
    })
    expect(events).toEqual([])
    expect(status?.hydration?.failure?.reason).toBe('SourceNotFound')
  })
})

test('until then it looks at the clock at least once a day', () => {
  const { againMs } = plan(anObservation({ cache: cache('9999h'), claim: aManagedClaim() }))
  expect(againMs).toBe(24 * HOUR)
})
