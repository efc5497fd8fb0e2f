import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { silentLogger as logger } from '../logger.fixtures.ts'
import { runAsLeader } from './leader-election.ts'
import { aLeaseServer, type Line } from './leases.fixtures.ts'

/** The longest time that a candidate waits between two looks. */
const LOOK_MS = 5_000
/** From one renewal to the next. */
const RENEW_MS = 4_000
const DEADLINE_MS = 10_000
const LEASE_MS = 15_000

let server: ReturnType<typeof aLeaseServer>
let stops: AbortController[]

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2031-05-04T03:02:01Z') })
  server = aLeaseServer()
  stops = []
})

afterEach(() => {
  for (const stop of stops) stop.abort()
  vi.useRealTimers()
})

/** A replica that competes for leadership, and its terms, from when to when, by a clock that all share. */
function stand(identity: string) {
  const client = server.client()
  const stop = new AbortController()
  stops.push(stop)
  const terms: { from: number; to: number }[] = []
  const over = runAsLeader({
    rest: client.rest,
    namespace: 'system',
    name: 'elected',
    fieldManager: 'elector',
    identity,
    logger,
    signal: stop.signal,
    lead: signal => {
      const term = { from: performance.now(), to: Number.POSITIVE_INFINITY }
      terms.push(term)
      expect(signal.aborted).toBe(false)
      signal.addEventListener('abort', () => {
        term.to = performance.now()
      })
    },
  })
  const leads = () => terms.at(-1)?.to === Number.POSITIVE_INFINITY
  return { ...client, stop, over, terms, leads }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const spec = () => server.lease()?.spec

/** Advances time in steps until the condition holds, and returns how much time passed. */
async function until(condition: () => boolean, atMostMs: number): Promise<number> {
  const began = performance.now()
  while (!condition()) {
    if (performance.now() - began > atMostMs) expect.fail(`not so after ${atMostMs} ms`)
    await pass(100)
  }
  return performance.now() - began
}

describe('a candidate', () => {
  test('makes the Lease where there is none, and leads', async () => {
    const a = stand('a')
    await pass(0)
    expect(a.leads()).toBe(true)
    expect(a.calls).toEqual(['GET', 'POST'])
    expect(spec()).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      renewTime: '2031-05-04T03:02:01.000000Z',
      leaseTransitions: 0,
    })
  })

  test('stands by for as long as another renews', async () => {
    const a = stand('a')
    await pass(0)
    const b = stand('b')
    await pass(3_600_000)
    expect(a.terms).toHaveLength(1)
    expect(a.leads()).toBe(true)
    expect(b.terms).toEqual([])
    expect(new Set(b.calls)).toEqual(new Set(['GET']))
  })

  test.each([
    ['an hour behind', '2031-05-04T02:02:01.000000Z'],
    ['an hour ahead', '2031-05-04T04:02:01.000000Z'],
    ['at the start of time', '1970-01-01T00:00:00.000000Z'],
  ])(
    'counts from when it saw the Lease change, by its own clock: the clock of the holder is %s',
    async (_, renewTime) => {
      server.write({ holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime })
      const a = stand('a')
      expect(await until(a.leads, LEASE_MS + LOOK_MS)).toBeGreaterThanOrEqual(LEASE_MS)
      expect(spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 1 })
    },
  )

  test('does not count what passed before the Lease changed, whatever its own wall clock does', async () => {
    server.write({ holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '1' })
    const a = stand('a')
    for (const renewTime of ['2', '3', '4']) {
      await pass(7_000)
      vi.setSystemTime(Date.now() + 3_600_000)
      await pass(7_000)
      server.write({ renewTime })
    }
    await pass(7_000)
    vi.setSystemTime(Date.now() - 3_600_000)
    await pass(7_000)
    expect(a.terms).toEqual([])
    await until(a.leads, LEASE_MS + LOOK_MS)
  })

  test('respects the duration that the holder has written', async () => {
    server.write({ holderIdentity: 'patient', leaseDurationSeconds: 60 })
    const a = stand('a')
    expect(await until(a.leads, 60_000 + LOOK_MS)).toBeGreaterThanOrEqual(60_000)
  })

  test('tries again through errors of every kind', async () => {
    const a = stand('a')
    for (const how of [403, 503, 'silent'] as const) {
      a.cut(how)
      await pass(20_000)
    }
    expect(a.terms).toEqual([])
    a.cut('answers')
    await until(a.leads, DEADLINE_MS + LOOK_MS)
  })

  test('of two that find the Lease run out at once, one leads', async () => {
    server.write({ holderIdentity: 'gone', leaseDurationSeconds: 15 })
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const [a, b] = [stand('a'), stand('b')]
    await pass(LEASE_MS + LOOK_MS)
    vi.restoreAllMocks()
    expect([a.leads(), b.leads()].filter(Boolean)).toHaveLength(1)
    expect(spec()).toMatchObject({ leaseTransitions: 1 })
    await pass(600_000)
    expect(a.terms.length + b.terms.length).toBe(1)
  })

  test('is not elected by an answer that comes after the deadline', async () => {
    const a = stand('a')
    a.delay(DEADLINE_MS + 1)
    await pass(120_000)
    expect(spec()).toMatchObject({ holderIdentity: 'a' })
    expect(a.terms).toEqual([])
  })
})

describe('a leader', () => {
  test('renews every four seconds, and reads nothing for it', async () => {
    const a = stand('a')
    await pass(60_000)
    expect(a.terms).toHaveLength(1)
    expect(a.leads()).toBe(true)
    expect(a.calls.filter(call => call === 'PUT')).toHaveLength(15)
    expect(a.calls.filter(call => call === 'GET')).toHaveLength(1)
    expect(spec()).toMatchObject({
      acquireTime: '2031-05-04T03:02:01.000000Z',
      renewTime: '2031-05-04T03:03:01.000000Z',
      leaseTransitions: 0,
    })
  })

  test.each<Line>([503, 'silent', 'loses answers'])(
    'whose API server is %s stops by itself before another could hold the Lease, and can be elected again',
    async how => {
      const a = stand('a')
      await pass(60_000)
      const cutAt = performance.now()
      a.cut(how)
      await pass(LEASE_MS)
      expect(a.leads()).toBe(false)
      expect((a.terms[0]?.to ?? 0) - cutAt).toBeLessThanOrEqual(DEADLINE_MS)
      a.cut('answers')
      await until(a.leads, LOOK_MS + DEADLINE_MS)
      expect(a.terms).toHaveLength(2)
      expect(spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 })
    },
  )

  test.each<Line>([503, 'silent'])('that is %s is followed by another only after its end', async how => {
    const a = stand('a')
    await pass(60_000)
    const b = stand('b')
    await pass(60_000)
    a.cut(how)
    // One look until it sees the last renewal, and one after the Lease has expired.
    await until(b.leads, LEASE_MS + 2 * LOOK_MS)
    const [lost] = a.terms
    const [won] = b.terms
    expect(lost?.to).toBeLessThan(won?.from ?? 0)

    a.cut('answers')
    await pass(600_000)
    expect([a.terms.length, b.terms.length]).toEqual([1, 1])
    expect(spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
  })

  test('of an API server that takes its time goes on, and counts from when it sent a renewal, not from the answer', async () => {
    const a = stand('a')
    a.delay(4_000)
    await pass(60_000)
    a.cut(503)
    await pass(LEASE_MS)
    const sentAt = performance.now() - (Date.now() - Date.parse(spec()?.renewTime ?? ''))
    expect(a.terms).toEqual([{ from: expect.any(Number), to: sentAt + DEADLINE_MS }])
  })

  test('survives an outage that is shorter than its deadline', async () => {
    const a = stand('a')
    await pass(60_000)
    a.cut(503)
    await pass(7_000)
    a.cut('answers')
    await pass(60_000)
    expect(a.terms).toHaveLength(1)
    expect(a.leads()).toBe(true)
  })

  test('stops at its next renewal where the Lease is suddenly of another', async () => {
    const a = stand('a')
    await pass(60_000)
    server.write({ holderIdentity: 'usurper' })
    await pass(RENEW_MS)
    expect(a.leads()).toBe(false)
    expect(a.calls.slice(-2)).toEqual(['PUT', 'GET'])
    expect(spec()).toMatchObject({ holderIdentity: 'usurper' })
  })

  test('goes on when somebody labels the Lease, and keeps the label', async () => {
    const a = stand('a')
    await pass(60_000)
    server.write({}, { team: 'ml' })
    await pass(60_000)
    expect(a.terms).toHaveLength(1)
    expect(a.leads()).toBe(true)
    expect(server.lease()?.metadata).toMatchObject({ labels: { team: 'ml' } })
  })

  test('goes on when the answer to a renewal was lost', async () => {
    const a = stand('a')
    await pass(60_000)
    a.cut('loses answers')
    await until(() => a.calls.length > 17, 2 * RENEW_MS)
    a.cut('answers')
    await pass(60_000)
    expect(a.terms).toHaveLength(1)
    expect(a.leads()).toBe(true)
  })

  test('makes the Lease again at its next renewal when it was deleted', async () => {
    const a = stand('a')
    await pass(60_000)
    server.delete()
    await pass(RENEW_MS)
    expect(spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 })
    expect(a.leads()).toBe(true)
  })
})

describe('at the end', () => {
  test('a leader stops, then releases the Lease, and the next leads at its next look', async () => {
    const a = stand('a')
    await pass(60_000)
    const b = stand('b')
    await pass(60_000)
    a.stop.abort()
    expect(a.leads()).toBe(false)
    await a.over
    expect(spec()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 })
    await until(b.leads, LOOK_MS)
    expect(spec()).toMatchObject({ holderIdentity: 'b', leaseDurationSeconds: 15, leaseTransitions: 1 })
  })

  test('a leader that is about to renew stops at once, and releases what the renewal has stored', async () => {
    const a = stand('a')
    await pass(60_000)
    a.delay(1_000)
    const before = a.calls.length
    await until(() => a.calls.length > before, 2 * RENEW_MS)
    a.stop.abort()
    expect(a.leads()).toBe(false)
    await pass(RENEW_MS)
    await a.over
    expect(spec()).toMatchObject({ holderIdentity: '' })
  })

  test('one that is elected at that very moment does not begin, and releases', async () => {
    const a = stand('a')
    a.delay(1_000)
    await until(() => a.calls.includes('POST'), 4_000)
    expect(spec()).toMatchObject({ holderIdentity: 'a' })
    a.stop.abort()
    await pass(RENEW_MS)
    await a.over
    expect(a.terms).toEqual([])
    expect(spec()).toMatchObject({ holderIdentity: '' })
  })

  test('a candidate leaves the Lease to its holder', async () => {
    const a = stand('a')
    await pass(0)
    const b = stand('b')
    await pass(0)
    b.stop.abort()
    await b.over
    expect(a.leads()).toBe(true)
    expect(spec()).toMatchObject({ holderIdentity: 'a' })
  })

  test('an API server that is gone does not hold it up', async () => {
    const a = stand('a')
    await pass(60_000)
    a.cut('silent')
    a.stop.abort()
    const before = performance.now()
    await Promise.all([a.over, pass(DEADLINE_MS)])
    expect(a.leads()).toBe(false)
    expect(performance.now() - before).toBeLessThanOrEqual(DEADLINE_MS)
  })
})
