import { describe, expect, test } from 'vitest'
import { aClaim, aCondition, aModelCache, aReadyCache, COMMIT } from '../../api/fixtures.ts'
import { type ModelCacheStatus, modelCacheStatus, PHASES } from '../../api/modelcache-status.ts'
import { cacheMount } from '../../injection/cache-mount.ts'
import type { Observation } from './observe.ts'
import { plan } from './plan.ts'

const desiredStatus = (seen: Observation) => plan(seen)?.status

const NOW = Date.parse('2031-06-01T12:00:00.123Z')
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
        {
          type: 'Ready',
          status: 'True',
          reason: 'ClaimBound',
          message: expect.stringContaining('ops-staged'),
          observedGeneration: 3,
          lastTransitionTime: '2031-06-01T12:00:00Z',
        },
      ],
    })
    expect(cacheMount({ ...onClaim(), status })).toBeDefined()
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
        conditions: [{ type: 'Ready', status: 'False', reason }],
      })
      expect(cacheMount({ ...before, status })).toBeUndefined()
    }
  })

  test('gets no size where the claim tells none', () => {
    expect(desiredStatus({ cache: onClaim(), claim: aClaim(), now: NOW })).not.toHaveProperty('size')
  })
})

describe('lastTransitionTime', () => {
  const transition = (
    before: 'True' | 'False' | 'Unknown',
    claim: Parameters<typeof desiredStatus>[0]['claim'],
  ) => {
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

describe('a cache on a claim of its own', () => {
  test('says NotImplemented in this version, and what works', () => {
    const status = desiredStatus({ cache: aModelCache(), claim: undefined, now: NOW })
    expect(status).toMatchObject({
      phase: 'Pending',
      source: `hf://meta-llama/Llama-3.3-70B-Instruct@${COMMIT}`,
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'NotImplemented',
          message: expect.stringContaining('ExistingPVC'),
        },
      ],
    })
    expect(status).not.toHaveProperty('claimName')
  })

  test.each([
    ['is gone', undefined],
    ['is another', aClaim({ name: 'modelcache--llama', metadata: { uid: 'another' } })],
  ])('that was Ready is not any more when its claim %s', (_, claim) => {
    const ready = aReadyCache()
    const cache = { ...ready, status: { ...ready.status, claimUID: 'staged' } }
    expect(desiredStatus({ cache, claim, now: NOW })).toMatchObject({
      phase: 'Failed',
      conditions: [{ type: 'Ready', status: 'False', reason: 'ClaimReplaced' }],
    })
    const same = aClaim({ name: 'modelcache--llama', metadata: { uid: 'staged' } })
    expect(desiredStatus({ cache, claim: same, now: NOW })).toBeUndefined()
  })

  test('that is Ready is left alone: another version staged it', () => {
    expect(desiredStatus({ cache: aReadyCache(), claim: undefined, now: NOW })).toBeUndefined()
  })

  test.each(PHASES.filter(phase => phase !== 'Pending'))(
    'in phase %s is left alone: another version is at work on it',
    phase => {
      const cache = aModelCache({ status: { phase } })
      expect(desiredStatus({ cache, claim: undefined, now: NOW })).toBeUndefined()
    },
  )
})

test('a cache that is being deleted is left alone', () => {
  const cache = onClaim({ metadata: { deletionTimestamp: EARLIER } })
  expect(desiredStatus({ cache, claim: aClaim(), now: NOW })).toBeUndefined()
})

describe('an Event', () => {
  const eventsOf = (cache: Observation['cache'], claim: Observation['claim']) =>
    plan({ cache, claim, now: NOW })?.events.map(({ type, reason }) => `${type} ${reason}`)
  const was = (status: 'True' | 'False') => onClaim({ status: { conditions: [aCondition('Ready', status)] } })

  test('says that a cache becomes Ready, or stops being Ready, and why', () => {
    expect(eventsOf(was('False'), aClaim())).toEqual(['Normal Ready'])
    expect(eventsOf(onClaim(), aClaim())).toEqual(['Normal Ready'])
    expect(eventsOf(was('True'), undefined)).toEqual(['Warning NotReady'])
    const [event] = plan({ cache: was('True'), claim: undefined, now: NOW })?.events ?? []
    expect(event?.note).toBe('ClaimNotFound: PersistentVolumeClaim ops-staged does not exist')
  })

  test('says nothing while it stays as it is', () => {
    expect(eventsOf(was('True'), aClaim())).toEqual([])
    expect(eventsOf(was('False'), undefined)).toEqual([])
    expect(eventsOf(onClaim(), undefined)).toEqual([])
  })
})
