import { X509Certificate } from 'node:crypto'
import { pino } from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createStore } from '../kube/store.ts'
import type { Authority } from './authority.ts'
import { type AuthoritySecret, authoritySecrets, CA_SECRET, readAuthority } from './authority-secret.ts'
import { aCA, aSecretOf, NOW } from './certificates.fixtures.ts'
import { BACKDATE_MS, DAY_MS, type KeyedCertificate, serviceDnsNames } from './issue.ts'
import { mintCertificate } from './minted-certificate.ts'

const NAMESPACE = 'modelcache-system'
const LOOK_MS = 30_000
const LIFETIME_MS = 7 * DAY_MS
const RENEWAL_MS = (2 / 3) * LIFETIME_MS
const PATIENCE = { timeout: 30_000 }

let a: KeyedCertificate
let b: KeyedCertificate

let now: number
let stop: AbortController
let log: string[]

beforeAll(async () => {
  ;[a, b] = await Promise.all([aCA(), aCA()])
})

beforeEach(() => {
  // Keys come from a thread of their own, which no fake clock reaches.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  now = NOW
  stop = new AbortController()
  log = []
})

afterEach(() => {
  stop.abort()
  vi.useRealTimers()
  expect(log.join()).not.toContain('PRIVATE KEY')
})

const logger = pino({ level: 'info' }, { write: line => log.push(line) })
const clock = () => now
const by = (signer: KeyedCertificate, changes: Partial<Authority> = {}): Authority => ({
  signer,
  next: undefined,
  previous: [],
  ...changes,
})

/** The Secret as a replica sees it. The test writes it. */
function aSecret(authority?: Authority) {
  const store = createStore({ resource: authoritySecrets(NAMESPACE), logger })
  const write = (data: AuthoritySecret['data']) =>
    store.upsert({ metadata: { name: CA_SECRET, namespace: NAMESPACE }, data })
  const secret = {
    put: (stored: Authority) => write(aSecretOf(NAMESPACE, stored).data),
    write,
    delete: () => store.remove({ metadata: { name: CA_SECRET, namespace: NAMESPACE } }),
    watch: {
      current() {
        const stored = store.get(NAMESPACE, CA_SECRET)
        return stored && { secret: stored, reading: readAuthority(stored, now) }
      },
      onChange: store.onChange,
    },
  }
  if (authority !== undefined) secret.put(authority)
  return secret
}

/** A replica of the webhook, and each certificate after its first. */
function aReplica({ watch }: ReturnType<typeof aSecret>) {
  const serving = mintCertificate({
    authority: watch,
    dnsNames: serviceDnsNames('modelcache-webhook', NAMESPACE),
    lifetimeMs: LIFETIME_MS,
    logger,
    signal: stop.signal,
    clock,
  })
  const renewals: KeyedCertificate[] = []
  serving.onRenewal(pair => renewals.push(pair))
  return { serving, renewals }
}

/** The certificate after the replica's next renewal, which must be the `count`th. */
async function renewed({ serving, renewals }: ReturnType<typeof aReplica>, count: number) {
  await vi.waitFor(() => expect(renewals.length).toBeGreaterThanOrEqual(count), PATIENCE)
  expect(renewals).toHaveLength(count)
  expect(serving.current()).toEqual(renewals.at(-1))
  return read(serving.current())
}

const read = (pair: KeyedCertificate | undefined) => new X509Certificate(pair?.certPem ?? '')
const isSignedBy = (cert: X509Certificate, ca: KeyedCertificate) => cert.verify(read(ca).publicKey)

function wait(ms: number): void {
  now += ms
  vi.advanceTimersByTime(LOOK_MS)
}

describe('the first certificate', () => {
  test('is signed by the CA, for the names of the Service alone, from an hour ago until its lifetime ends', async () => {
    const { serving } = aReplica(aSecret(by(a)))
    const cert = read(await serving.first)
    expect(isSignedBy(cert, a)).toBe(true)
    expect(cert.subjectAltName?.split(', ')).toEqual([
      'DNS:modelcache-webhook',
      'DNS:modelcache-webhook.modelcache-system',
      'DNS:modelcache-webhook.modelcache-system.svc',
      'DNS:modelcache-webhook.modelcache-system.svc.cluster.local',
    ])
    expect(cert.ca).toBe(false)
    expect(cert.validFromDate.getTime()).toBe(NOW - BACKDATE_MS)
    expect(cert.validToDate.getTime()).toBe(NOW + LIFETIME_MS)
    expect(serving.expiresAt()).toBe(NOW + LIFETIME_MS)
  })

  test('is of one replica alone: each has a key of its own', async () => {
    const secret = aSecret(by(a))
    const [one, two] = await Promise.all([aReplica(secret).serving.first, aReplica(secret).serving.first])
    expect(one.keyPem).not.toBe(two.keyPem)
    expect(one.keyPem).not.toBe(a.keyPem)
  })

  test('waits for a CA that can be used', async () => {
    const secret = aSecret()
    const { serving } = aReplica(secret)
    secret.put({ ...by(a), signer: { ...a, keyPem: b.keyPem } })
    expect(serving.current()).toBeUndefined()
    expect(serving.expiresAt()).toBeUndefined()
    secret.put(by(b))
    expect(isSignedBy(read(await serving.first), b)).toBe(true)
  })

  test('does not outlive its CA', async () => {
    now = NOW + 362 * DAY_MS
    const { serving } = aReplica(aSecret(by(a)))
    await serving.first
    expect(serving.expiresAt()).toBe(NOW + 365 * DAY_MS)
  })

  test('never comes after the signal', async () => {
    const secret = aSecret()
    const { serving } = aReplica(secret)
    stop.abort(new Error('over'))
    await expect(serving.first).rejects.toThrow('over')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is made while the event loop turns', async () => {
    let turns = 0
    let made = false
    const turn = () => {
      turns += 1
      if (!made) setImmediate(turn)
    }
    setImmediate(turn)
    await aReplica(aSecret(by(a))).serving.first
    made = true
    // If the key were created on the event loop, the loop would be blocked until it is done.
    expect(turns).toBeGreaterThan(10)
  })
})

describe('another certificate', () => {
  test('comes at two thirds of the life of the last, by the wall clock, and not before', async () => {
    const replica = aReplica(aSecret(by(a)))
    const first = await replica.serving.first
    wait(RENEWAL_MS - 1)
    wait(1)
    const cert = await renewed(replica, 1)
    // If it had come earlier, its first second would show it.
    expect(cert.validToDate.getTime()).toBe(NOW + RENEWAL_MS + LIFETIME_MS)
    expect(replica.serving.current()?.keyPem).not.toBe(first.keyPem)
    wait(RENEWAL_MS)
    expect((await renewed(replica, 2)).validToDate.getTime()).toBe(NOW + 2 * RENEWAL_MS + LIFETIME_MS)
  })

  test.each([
    ['set back so far that the certificate is not valid', -BACKDATE_MS - 1000],
    ['set ahead beyond its end', 30 * DAY_MS],
  ])('comes when the clock was %s', async (_, ms) => {
    const replica = aReplica(aSecret(by(a)))
    await replica.serving.first
    wait(ms)
    expect((await renewed(replica, 1)).validFromDate.getTime()).toBe(now - BACKDATE_MS)
  })

  test('comes as soon as another CA signs, and not when one is only trusted', async () => {
    const secret = aSecret(by(a))
    const replica = aReplica(secret)
    await replica.serving.first
    secret.put(by(a, { next: b }))
    secret.put(by(a, { next: b, previous: [{ certPem: a.certPem, trustedUntil: undefined }] }))
    secret.put(by(b, { previous: [{ certPem: a.certPem, trustedUntil: NOW + DAY_MS }] }))
    expect(isSignedBy(await renewed(replica, 1), b)).toBe(true)
  })

  test('comes once for what changed while the last was made', async () => {
    const secret = aSecret(by(a))
    const replica = aReplica(secret)
    for (const signer of [b, a, b]) secret.put(by(signer))
    await replica.serving.first
    expect(isSignedBy(await renewed(replica, 1), b)).toBe(true)
  })

  test('does not come after the signal', async () => {
    const secret = aSecret(by(a))
    const { serving, renewals } = aReplica(secret)
    const other = aReplica(secret)
    await Promise.all([serving.first, other.serving.first])
    const listened = vi.spyOn(secret.watch, 'current')
    stop.abort()
    secret.put(by(b))
    wait(RENEWAL_MS)
    expect(listened).not.toHaveBeenCalled()
    expect(renewals).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the last certificate goes on while the Secret', () => {
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  const data = (signer: KeyedCertificate) => aSecretOf(NAMESPACE, by(signer)).data
  let leaf: KeyedCertificate

  test.each<[string, (secret: ReturnType<typeof aSecret>) => void]>([
    ['is gone', secret => secret.delete()],
    ['is empty', secret => secret.write(undefined)],
    ['has no key', secret => secret.write({ ...data(b), 'signer.key': '' })],
    ['has the key of another CA', secret => secret.write({ ...data(b), 'signer.key': encoded(a.keyPem) })],
    ['is garbage', secret => secret.write({ 'signer.crt': '%%%', 'signer.key': encoded('hello') })],
    ['holds a certificate that is no CA', secret => secret.write(data(leaf))],
  ])('%s, and the next comes from the CA that is put in its place', async (_, spoil) => {
    const secret = aSecret(by(a))
    const replica = aReplica(secret)
    leaf = await replica.serving.first
    spoil(secret)
    // Even if it should have been renewed meanwhile.
    wait(RENEWAL_MS)
    expect(replica.serving.current()).toEqual(leaf)
    secret.put(by(b))
    expect(isSignedBy(await renewed(replica, 1), b)).toBe(true)
  })
})
