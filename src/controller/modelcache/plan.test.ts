import { describe, expect, test } from 'vitest'
import { aClaim, aCondition, aModelCache, DIGEST } from '../../api/fixtures.ts'
import { type ModelCacheStatus, modelCacheStatus } from '../../api/modelcache-status.ts'
import { STORAGE_FINALIZER } from '../../api/names.ts'
import { effectOf } from '../../api/status-reasons.ts'
import { readyMount } from '../../injection/cache-mount.ts'
import { aJob, aManagedClaim, anObservation, aTakenUpCache, NOW } from './fixtures.ts'
import type { Observation } from './observe.ts'
import { plan } from './plan.ts'

const desiredStatus = (given: Partial<Observation>) => plan(anObservation(given)).status

const EARLIER = '2031-05-04T03:02:01Z'

const onClaim = (given: { status?: ModelCacheStatus; metadata?: object } = {}) =>
  aModelCache({
    ...given,
    metadata: { generation: 3, ...given.metadata },
    spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged' } } },
  })

describe('a cache on a claim that people filled', () => {
  test('is Ready when the claim is', () => {
    const claim = aClaim({
      status: { phase: 'Bound', accessModes: ['ReadOnlyMany'], capacity: { storage: '200Gi' } },
    })
    const status = desiredStatus({ cache: onClaim(), claim, now: NOW })
    expect(status).toEqual({
      observedGeneration: 3,
      source: 'pvc/ops-staged',
      phase: 'Ready',
      claimName: 'ops-staged',
      size: '200Gi',
      conditions: [
        ['Ready', 'True'],
        ['Populated', 'True'],
        ['Failed', 'False'],
      ].map(([type, held]) => ({
        type,
        status: held,
        reason: 'ClaimBound',
        message: expect.stringContaining('ops-staged'),
        observedGeneration: 3,
        lastTransitionTime: '2031-06-01T12:00:00Z',
      })),
      clusters: [{ name: 'local', phase: 'Ready', ready: true, message: expect.stringContaining('bound') }],
    })
    expect(readyMount({ ...onClaim(), status })).toBeDefined()
  })

  test.each([
    ['ClaimNotFound', undefined],
    ['ClaimNotBound', aClaim({ status: { phase: 'Pending' } })],
    ['ClaimLost', aClaim({ status: { phase: 'Lost' } })],
    ['ClaimTerminating', aClaim({ metadata: { deletionTimestamp: EARLIER } })],
    ['ClaimNotShared', aClaim({ accessModes: ['ReadWriteOnce'] })],
  ])('is Pending and not mountable for reason %s, also when it was Ready', (reason, claim) => {
    const ready: ModelCacheStatus = { phase: 'Ready', conditions: [aCondition('Ready', 'True')] }
    for (const before of [onClaim(), onClaim({ status: ready })]) {
      const status = desiredStatus({ cache: before, claim, now: NOW })
      expect(status).toMatchObject({
        phase: 'Pending',
        conditions: [
          { type: 'Ready', status: 'False', reason },
          { status: 'False' },
          { status: 'False' },
          { type: effectOf(reason) === 'final' ? 'Stalled' : 'Reconciling', status: 'True' },
        ],
      })
      expect(readyMount({ ...before, status })).toBeUndefined()
    }
  })

  test('gets no size where the claim tells none', () => {
    expect(desiredStatus({ cache: onClaim(), claim: aClaim(), now: NOW })).not.toHaveProperty('size')
  })
})

describe('lastTransitionTime', () => {
  const transition = (before: 'True' | 'False' | 'Unknown', claim: Observation['claim']) => {
    const status = { conditions: [aCondition('Ready', before, { lastTransitionTime: EARLIER })] }
    return desiredStatus({ cache: onClaim({ status }), claim, now: NOW })?.conditions?.[0]?.lastTransitionTime
  }

  test('stays while the status stays, though reason, message and generation change', () => {
    expect(transition('True', aClaim())).toBe(EARLIER)
    expect(transition('False', undefined)).toBe(EARLIER)
    expect(transition('False', aClaim({ status: { phase: 'Lost' } }))).toBe(EARLIER)
  })

  test('moves when the status changes', () => {
    expect(transition('False', aClaim())).toBe('2031-06-01T12:00:00Z')
    expect(transition('Unknown', aClaim())).toBe('2031-06-01T12:00:00Z')
    expect(transition('True', undefined)).toBe('2031-06-01T12:00:00Z')
  })

  test('is not taken from a condition of another type', () => {
    const status = { conditions: [aCondition('Populated', 'True', { lastTransitionTime: EARLIER })] }
    const found = desiredStatus({ cache: onClaim({ status }), claim: aClaim(), now: NOW })
    expect(found?.conditions?.[0]?.lastTransitionTime).toBe('2031-06-01T12:00:00Z')
  })
})

describe('a status that is written', () => {
  test('is settled: deciding again on it changes nothing', () => {
    for (const claim of [undefined, aClaim()]) {
      const status = modelCacheStatus.parse(desiredStatus({ cache: onClaim(), claim, now: NOW }))
      expect(desiredStatus({ cache: onClaim({ status }), claim, now: NOW + 3_600_000 })).toEqual(status)
    }
  })
})

test('a cache that is being deleted, or paused, is left alone', () => {
  for (const metadata of [
    { deletionTimestamp: EARLIER },
    { annotations: { 'modelplane.ai/paused': 'true' } },
  ]) {
    const cache = onClaim({ metadata })
    expect(plan(anObservation({ cache, claim: aClaim() }))).toEqual({ writes: [], events: [] })
  }
})

describe('the finalizer', () => {
  const set = [{ do: 'finalizer', present: true }]
  const dropped = [{ do: 'finalizer', present: false }]
  const staged = { resolvedDigest: DIGEST, claimUID: 'uid-of-the-claim', claimName: 'modelcache--llama' }
  const writes = (cache: Observation['cache'], runs: Observation['runs'] = {}) =>
    plan(anObservation({ cache, claim: aManagedClaim(), runs })).writes
  const free = (given: Parameters<typeof aTakenUpCache>[0]) =>
    aTakenUpCache({ ...given, metadata: { finalizers: [], ...given?.metadata } })

  test('is there before anything is made, and as long as a Job is', () => {
    expect(writes(free({}))[0]).toEqual(set[0])
    expect(
      writes(free({ status: staged, metadata: { annotations: { 'modelplane.ai/refetch': 'x' } } }))[0],
    ).toEqual(set[0])
    const cache = aTakenUpCache({ status: staged })
    expect(writes(cache, { hydrate: { job: aJob(cache), pods: [] } })).not.toContainEqual(dropped[0])
  })

  test('goes when the cache is staged: its namespace may end while no controller runs', () => {
    expect(writes(aTakenUpCache({ status: staged }))).toEqual(dropped)
    expect(writes(free({ status: staged }))).toEqual([])
  })

  test('goes where it is not needed, and status does not wait for that', () => {
    const cache = onClaim({ metadata: { finalizers: [STORAGE_FINALIZER] } })
    const { writes, status } = plan(anObservation({ cache, claim: aClaim() }))
    expect([writes, status?.phase]).toEqual([dropped, 'Ready'])
  })

  test('is not for what makes no Job', () => {
    expect(writes(onClaim())).toEqual([])
    expect(writes(free({ spec: { storage: { backend: 'Custom' } } }))).toEqual([])
  })
})

describe('an Event', () => {
  const eventsOf = (cache: Observation['cache'], claim: Observation['claim']) =>
    plan(anObservation({ cache, claim })).events.map(({ type, reason }) => `${type} ${reason}`)
  const was = (status: 'True' | 'False', reason = 'Test', phase: ModelCacheStatus['phase'] = 'Pending') =>
    onClaim({ status: { phase, conditions: [aCondition('Ready', status, { reason })] } })

  test('says that a cache becomes Ready, or stops being Ready, and why', () => {
    expect(eventsOf(was('False'), aClaim())).toEqual(['Normal Ready'])
    expect(eventsOf(onClaim(), aClaim())).toEqual(['Normal Ready'])
    expect(eventsOf(was('True'), undefined)).toEqual(['Warning NotReady'])
    const [event] = plan(anObservation({ cache: was('True'), claim: undefined })).events
    expect(event?.note).toBe('ClaimNotFound: PersistentVolumeClaim ops-staged does not exist')
  })

  test('says what is in the way, once', () => {
    expect(eventsOf(onClaim(), undefined)).toEqual(['Warning ClaimNotFound'])
    expect(eventsOf(was('False', 'ClaimNotFound'), undefined)).toEqual([])
    expect(eventsOf(was('False', 'ClaimNotBound'), undefined)).toEqual(['Warning ClaimNotFound'])
  })

  test('says nothing while a cache stays Ready', () => {
    expect(eventsOf(was('True', 'ClaimBound', 'Ready'), aClaim())).toEqual([])
  })
})
