import { pino } from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Authority, fingerprint, trustBundle } from './authority.ts'
import { ROTATE_CA, ROTATE_CA_SEEN } from './authority-secret.ts'
import { startCaBundleWriter } from './ca-bundle.ts'
import { startRotation } from './ca-rotation.ts'
import { aCA, anEmptySecret, NOW } from './certificates.fixtures.ts'
import { aConfiguration, anInstallation, FOREIGN, SERVICE } from './installation.fixtures.ts'
import { DAY_MS, type KeyedCertificate } from './issue.ts'
import { base64 } from './webhook-configurations.ts'

const SETTLE_MS = 120_000
/** How often the code looks at the clock. */
const LOOK_MS = 30_000
/** Seven days of a leaf, and an hour for clocks. */
const TRUSTED_MS = 7 * DAY_MS + 3_600_000

let a: KeyedCertificate
let b: KeyedCertificate
let c: KeyedCertificate
let stop: AbortController
let log: string[]

beforeAll(async () => {
  ;[a, b, c] = await Promise.all([aCA(), aCA(), aCA()])
})

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  stop = new AbortController()
  log = []
})

afterEach(() => {
  stop.abort()
  vi.useRealTimers()
  expect(log.join()).not.toContain('PRIVATE KEY')
})

const logger = pino({ level: 'info' }, { write: line => log.push(line) })
/** Each look has a turn of the event loop of its own. */
const pass = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms)
  for (let turn = 0; turn < 10; turn++) await vi.advanceTimersByTimeAsync(0)
}
/** Sets the wall clock, and waits until the code has looked at it. */
const leap = (to: number) => {
  vi.setSystemTime(to)
  return pass(LOOK_MS)
}
const alone = (): Authority => ({ signer: a, next: undefined, previous: [] })
const rotating = (): Authority => ({ signer: a, next: b, previous: [] })

/** An installation whose webhooks show what the Secret says. */
function aPlane(stored: Authority = alone()) {
  const at = anInstallation()
  at.putAuthority(stored)
  at.mutating.set(aConfiguration('mutating', stored))
  at.validating.set(aConfiguration('validating', stored))
  at.makes(b, c)
  const rotate = (signal = stop.signal) =>
    startRotation({ ...at, service: SERVICE, settleMs: SETTLE_MS, logger, signal })
  const write = (signal = stop.signal) => startCaBundleWriter({ ...at, service: SERVICE, logger, signal })
  const ask = (value: string) =>
    at.changeSecret(({ metadata, ...secret }) => ({
      ...secret,
      metadata: { ...metadata, annotations: { ...metadata.annotations, [ROTATE_CA]: value } },
    }))
  const spoil = (changes: Record<string, string>) =>
    at.changeSecret(secret => ({ ...secret, data: { ...secret.data, ...changes } }))
  return { ...at, rotate, write, ask, spoil }
}

type Plane = ReturnType<typeof aPlane>

/** The Secret in short: who signs, who is next, and who signed before. */
function said({ storedAuthority }: Plane): string {
  const { signer, next, previous } = storedAuthority()
  const names = new Map([
    [fingerprint(a.certPem), 'a'],
    [fingerprint(b.certPem), 'b'],
    [fingerprint(c.certPem), 'c'],
  ])
  const name = ({ certPem }: { certPem: string }) => names.get(fingerprint(certPem)) ?? '?'
  return [
    `signer ${name(signer)}`,
    ...(next ? [`next ${name(next)}`] : []),
    ...(previous.length > 0 ? [`previous ${previous.map(name).join()}`] : []),
  ].join(', ')
}

/** Advances time by a second at a time until the Secret says that. */
async function until(plane: Plane, saying: string, atMostMs: number): Promise<number> {
  const began = performance.now()
  while (said(plane) !== saying) {
    if (performance.now() - began > atMostMs) expect(said(plane)).toBe(saying)
    await pass(1_000)
  }
  return performance.now() - began
}

const ourBundles = ({ bundles }: Plane) =>
  Object.entries(bundles()).flatMap(([name, bundle]) => (name === FOREIGN.name ? [] : [bundle]))

describe('a rotation from end to end', () => {
  test('trusts both, waits, signs with the new one, waits, and drops the old one; no step is seen before it is safe', async () => {
    const plane = aPlane()
    const signs: string[] = []
    plane.witness(() => {
      const { certPem } = plane.storedAuthority().signer
      if (signs.at(-1) !== fingerprint(certPem)) signs.push(fingerprint(certPem))
      // Whatever signs was already trusted everywhere, and what signed until now still is.
      for (const trusted of [certPem, ...(Date.now() < NOW + TRUSTED_MS ? [a.certPem] : [])])
        for (const bundle of ourBundles(plane))
          expect(Buffer.from(bundle ?? '', 'base64').toString()).toContain(trusted)
    })
    plane.write()
    plane.rotate()
    await pass(3_600_000)
    expect(said(plane)).toBe('signer a')
    expect(plane.replaced).toEqual([])

    plane.ask('today')
    await pass(0)
    expect(said(plane)).toBe('signer a, next b')
    expect(ourBundles(plane)).toEqual(Array(4).fill(base64(a.certPem + b.certPem)))
    await pass(SETTLE_MS - 1)
    expect(said(plane)).toBe('signer a, next b')
    await pass(LOOK_MS + 1)
    expect(said(plane)).toBe('signer b, previous a')
    expect(ourBundles(plane)).toEqual(Array(4).fill(base64(b.certPem + a.certPem)))

    const promotedAt = Date.now()
    const [previous] = plane.storedAuthority().previous
    expect(previous?.trustedUntil).toBeGreaterThan(NOW + TRUSTED_MS)
    expect(previous?.trustedUntil).toBeLessThanOrEqual(promotedAt + TRUSTED_MS)
    await leap((previous?.trustedUntil ?? 0) - 1 - LOOK_MS)
    expect(said(plane)).toBe('signer b, previous a')
    await pass(LOOK_MS)
    expect(said(plane)).toBe('signer b')
    expect(ourBundles(plane)).toEqual(Array(4).fill(base64(b.certPem)))

    expect(plane.replaced).toEqual(
      Array(3).fill({
        path: '/api/v1/namespaces/modelcache-system/secrets/modelcache-webhook-ca',
        manager: 'modelcache-certificates',
      }),
    )
    expect(plane.applied).toHaveLength(6)
    expect(signs).toEqual([a, b].map(({ certPem }) => fingerprint(certPem)))
  })
})

describe('a rotation begins', () => {
  test('once for each value that is asked for, which is recorded', async () => {
    const plane = aPlane()
    plane.rotate()
    plane.ask('today')
    await pass(0)
    expect(said(plane)).toBe('signer a, next b')
    expect(plane.secret.stored()?.metadata.annotations).toMatchObject({
      [ROTATE_CA]: 'today',
      [ROTATE_CA_SEEN]: 'today',
    })
    plane.write()
    plane.ask('today')
    await until(plane, 'signer b, previous a', 2 * SETTLE_MS)
    await pass(3_600_000)
    expect(said(plane)).toBe('signer b, previous a')
  })

  test('for what was asked meanwhile only after the one under way has ended', async () => {
    const plane = aPlane()
    plane.write()
    plane.rotate()
    plane.ask('today')
    await pass(0)
    plane.ask('tomorrow')
    await pass(SETTLE_MS / 2)
    expect(said(plane)).toBe('signer a, next b')
    await until(plane, 'signer b, next c, previous a', SETTLE_MS)
    await until(plane, 'signer c, previous b,a', 2 * SETTLE_MS)
  })

  test('at two thirds of the life of the CA, by the wall clock, however it came there', async () => {
    const plane = aPlane()
    plane.rotate()
    await leap(NOW + (2 / 3) * 365 * DAY_MS - 60_000)
    expect(said(plane)).toBe('signer a')
    await leap(NOW + (2 / 3) * 365 * DAY_MS)
    expect(said(plane)).toBe('signer a, next b')
    expect(log.at(-1)).toContain('age')
  })

  test('again when the next CA was spoilt', async () => {
    const plane = aPlane(rotating())
    plane.makes(c)
    plane.spoil({ 'next.key': base64(a.keyPem) })
    plane.write()
    plane.rotate()
    await pass(0)
    expect(said(plane)).toBe('signer a, next c, previous b')
    await until(plane, 'signer c, previous a,b', 2 * SETTLE_MS)
  })
})

describe('the next CA does not sign', () => {
  test('while a webhook does not show it; and the wait begins when the last one does', async () => {
    const plane = aPlane(rotating())
    plane.validating.set(aConfiguration('validating', alone()))
    plane.rotate()
    await pass(10 * SETTLE_MS)
    expect(said(plane)).toBe('signer a, next b')
    plane.validating.set(aConfiguration('validating', rotating()))
    await pass(SETTLE_MS - 1)
    expect(said(plane)).toBe('signer a, next b')
    await pass(LOOK_MS + 1)
    expect(said(plane)).toBe('signer b, previous a')
  })

  test('if it was shown with a break: the wait begins again', async () => {
    const plane = aPlane(rotating())
    plane.rotate()
    await pass(SETTLE_MS - 1)
    plane.mutating.set(aConfiguration('mutating', alone()))
    plane.mutating.set(aConfiguration('mutating', rotating()))
    await pass(SETTLE_MS - 1)
    expect(said(plane)).toBe('signer a, next b')
    await until(plane, 'signer b, previous a', LOOK_MS + 1_000)
  })

  test('by a wall clock that is set: the wait is measured by one that cannot be', async () => {
    const plane = aPlane(rotating())
    plane.rotate()
    await leap(NOW + DAY_MS)
    expect(said(plane)).toBe('signer a, next b')
    vi.setSystemTime(NOW - 3_000_000)
    await until(plane, 'signer b, previous a', SETTLE_MS)
  })

  test('before the watches have told what there is', async () => {
    const plane = aPlane(rotating())
    plane.state.synced = false
    plane.rotate()
    await pass(10 * SETTLE_MS)
    expect(said(plane)).toBe('signer a, next b')
    plane.state.synced = true
    await until(plane, 'signer b, previous a', SETTLE_MS + 2 * LOOK_MS)
  })

  test('if a webhook does not show it in truth, though the watch has not told yet', async () => {
    const plane = aPlane(rotating())
    plane.rotate()
    plane.lag()
    plane.mutating.set(aConfiguration('mutating', alone()))
    await pass(10 * SETTLE_MS)
    expect(said(plane)).toBe('signer a, next b')
    expect(plane.replaced).toEqual([])
    plane.mutating.set(aConfiguration('mutating', rotating()))
    plane.catchUp()
    await until(plane, 'signer b, previous a', 2 * SETTLE_MS)
  })

  test('at once under a leader that has just begun: the wait begins again', async () => {
    const plane = aPlane(rotating())
    const first = new AbortController()
    plane.rotate(first.signal)
    await pass(SETTLE_MS - 1)
    first.abort()
    plane.rotate()
    await pass(SETTLE_MS - 1)
    expect(said(plane)).toBe('signer a, next b')
    await pass(LOOK_MS + 1)
    expect(said(plane)).toBe('signer b, previous a')
  })

  test('later because of a configuration that does not exist', async () => {
    const plane = aPlane(rotating())
    plane.mutating.set(undefined)
    plane.rotate()
    await until(plane, 'signer b, previous a', SETTLE_MS + LOOK_MS)
  })
})

describe('a Secret that is empty', () => {
  const emptied = (plane: Plane) => plane.changeSecret(({ data: _, ...secret }) => secret)

  test('as it was installed gets a fresh CA, in one write, and nothing is wrong with that', async () => {
    const plane = aPlane()
    emptied(plane)
    plane.rotate()
    await pass(0)
    expect(said(plane)).toBe('signer b')
    expect(plane.replaced).toHaveLength(1)
    expect(log.join()).toContain('wrote a fresh CA into the Secret')
    expect(log.join()).not.toContain('cannot be used')
  })

  test('and was not gets all that was held', async () => {
    const plane = aPlane(rotating())
    plane.holds(rotating())
    plane.rotate()
    emptied(plane)
    await pass(0)
    expect(said(plane)).toBe('signer a, next b')
    expect(log.join()).toContain('wrote the CA that it held before into the Secret')
  })

  test('is not there: nothing is written, and what comes back empty gets what was held', async () => {
    const plane = aPlane(rotating())
    plane.holds(rotating())
    plane.rotate()
    plane.secret.set(undefined)
    await pass(0)
    expect(plane.replaced).toEqual([])
    plane.secret.set(anEmptySecret(SERVICE.namespace))
    await pass(0)
    expect(said(plane)).toBe('signer a, next b')
  })
})

describe('a Secret that is spoilt', () => {
  test.each<[string, Record<string, string>]>([
    ['without a key', { 'signer.key': '' }],
    ['with the key of another', { 'signer.key': base64('no key at all') }],
    ['whose certificates are gone', { 'signer.crt': '', 'ca.crt': '' }],
  ])('%s is replaced by what was held, in one write', async (_, changes) => {
    const plane = aPlane(rotating())
    plane.holds(rotating())
    plane.rotate()
    plane.spoil(changes)
    await pass(0)
    expect(said(plane)).toBe('signer a, next b')
    expect(plane.replaced).toHaveLength(1)
    expect(log.join()).toContain('cannot be used')
  })

  test('is never fixed with a certificate that it was spoilt with, while there is something held', async () => {
    const plane = aPlane()
    plane.holds(alone())
    plane.rotate()
    plane.spoil({ 'signer.crt': base64(c.certPem), 'ca.crt': base64(c.certPem) })
    await pass(0)
    expect(trustBundle(plane.storedAuthority())).toBe(a.certPem)
  })

  test('is replaced by a fresh CA where nothing is held, and what was trusted stays so for the usual time', async () => {
    const plane = aPlane()
    plane.write()
    plane.rotate()
    plane.spoil({ 'signer.key': '' })
    await pass(0)
    expect(said(plane)).toBe('signer b, previous a')
    expect(plane.storedAuthority().previous[0]?.trustedUntil).toBe(NOW + TRUSTED_MS)
    expect(ourBundles(plane)).toEqual(Array(4).fill(base64(b.certPem + a.certPem)))
    await leap(NOW + TRUSTED_MS)
    expect(said(plane)).toBe('signer b')
  })

  test('by time, since its CA has run out, is replaced too', async () => {
    const plane = aPlane()
    plane.rotate()
    plane.makes(await aCA({ now: new Date(NOW + 365 * DAY_MS) }))
    await leap(NOW + 365 * DAY_MS)
    expect(said(plane)).toBe('signer ?, previous a')
  })

  test('keeps what else it carries', async () => {
    const plane = aPlane()
    const labels = { team: 'infra' }
    plane.changeSecret(({ metadata, ...secret }) => ({ ...secret, metadata: { ...metadata, labels } }))
    plane.holds(alone())
    plane.rotate()
    plane.spoil({ 'signer.key': '' })
    await pass(0)
    expect(plane.secret.stored()?.metadata).toMatchObject({ labels })
  })

  test('that is gone is not made here: whoever watches it does that', async () => {
    const plane = aPlane()
    plane.holds(alone())
    plane.rotate()
    plane.secret.set(undefined)
    await pass(3_600_000)
    expect(plane.replaced).toEqual([])
  })
})

describe('two leaders at a time', () => {
  test('make one next CA and let it sign once: the later write of each step fails', async () => {
    const plane = aPlane()
    plane.write()
    plane.rotate()
    plane.rotate()
    plane.ask('today')
    await until(plane, 'signer b, previous a', 2 * SETTLE_MS)
    await pass(3_600_000)
    expect(said(plane)).toBe('signer b, previous a')
  })

  test('of whom one sees nothing of what the other did, that one changes nothing', async () => {
    const plane = aPlane()
    plane.rotate()
    plane.lag()
    plane.ask('today')
    // Somebody else does it, and sees it.
    plane.putAuthority(rotating())
    const { resourceVersion } = plane.secret.stored()?.metadata ?? {}
    await leap(NOW + 300 * DAY_MS)
    expect(plane.replaced.length).toBeGreaterThan(0)
    expect(plane.secret.stored()?.metadata.resourceVersion).toBe(resourceVersion)
  })
})

test('after the signal nothing is written, listened to or waited for', async () => {
  const plane = aPlane(rotating())
  plane.rotate()
  await pass(SETTLE_MS / 2)
  stop.abort()
  const looked = vi.spyOn(plane.authority, 'current')
  plane.ask('today')
  plane.mutating.set(aConfiguration('mutating', rotating()))
  expect(vi.getTimerCount()).toBe(0)
  await pass(10 * SETTLE_MS)
  expect(looked).not.toHaveBeenCalled()
  expect(plane.replaced).toEqual([])
})
