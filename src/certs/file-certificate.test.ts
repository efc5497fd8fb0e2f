import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { aCA, aLeaf, anEcdsaPair, aWeakPair, NOW } from './certificates.fixtures.ts'
import { fileCertificate } from './file-certificate.ts'
import { DAY_MS, type KeyedCertificate } from './issue.ts'
import { mountSecret } from './mounted-secret.fixtures.ts'

const READ_MS = 10_000
const HELLO = '-----BEGIN CERTIFICATE-----\nhello\n-----END CERTIFICATE-----\n'

let ca: KeyedCertificate
let first: KeyedCertificate
let second: KeyedCertificate
let later: KeyedCertificate

let dir: string
let stop: AbortController
let log: string[]

beforeAll(async () => {
  ca = await aCA()
  const days = (count: number) => new Date(NOW + count * DAY_MS)
  ;[first, second, later] = await Promise.all([aLeaf(ca), aLeaf(ca), aLeaf(ca, { now: days(2) })])
})

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  dir = mkdtempSync(join(tmpdir(), 'modelcache-files-'))
  stop = new AbortController()
  log = []
})

afterEach(() => {
  stop.abort()
  vi.useRealTimers()
  rmSync(dir, { recursive: true })
  expect(log.join()).not.toContain('PRIVATE KEY')
})

const logger = pino({ level: 'info' }, { write: line => log.push(line) })
const complaints = () => log.filter(line => line.includes('cannot use'))
const look = () => vi.advanceTimersByTime(READ_MS)

/** A certificate in a mounted Secret, and each one that replaced it. */
function start(pair = first, clock = () => NOW) {
  const secret = mountSecret(dir, pair)
  const serving = fileCertificate({ ...secret, logger, signal: stop.signal, clock })
  const renewals: KeyedCertificate[] = []
  serving.onRenewal(renewed => renewals.push(renewed))
  return { secret, serving, renewals }
}

test('the pair in the files is there at once', async () => {
  const { serving } = start()
  expect(serving.current()).toEqual(first)
  await expect(serving.first).resolves.toEqual(first)
  expect(serving.expiresAt()).toBe(NOW + 7 * DAY_MS)
})

test('a swapped pair is found by the next look, and told once', () => {
  const { secret, serving, renewals } = start()
  secret.swap(second)
  expect(serving.current()).toEqual(first)
  look()
  expect(serving.current()).toEqual(second)
  // kubelet also creates a new version when another key of the Secret changes.
  secret.swap(second)
  for (let i = 0; i < 10; i++) look()
  expect(renewals).toEqual([second])
  expect(complaints()).toEqual([])
})

test('a pair may be of ECDSA, with its chain', () => {
  const { secret, renewals } = start()
  const pair = anEcdsaPair(first)
  const chained = { ...pair, certPem: pair.certPem + ca.certPem }
  secret.swap(chained)
  look()
  expect(renewals).toEqual([chained])
})

const SPOILT: [string, () => KeyedCertificate, RegExp][] = [
  [
    'another certificate with the old key',
    () => ({ ...second, keyPem: first.keyPem }),
    /key does not belong/,
  ],
  [
    'another key with the old certificate',
    () => ({ ...first, keyPem: second.keyPem }),
    /key does not belong/,
  ],
  ['half a certificate', () => ({ ...second, certPem: second.certPem.slice(0, 500) }), /cannot be read/],
  ['half a key', () => ({ ...second, keyPem: second.keyPem.slice(0, 500) }), /key does not belong/],
  ['two empty files', () => ({ certPem: '', keyPem: '' }), /cannot be read/],
  ['a pair that is not valid yet', () => later, /valid only from/],
  ['a key that is too weak for TLS', aWeakPair, /key too small/],
  ['a chain that is cut off', () => ({ ...second, certPem: second.certPem + HELLO }), /PEM/],
]

describe('at the start there must be a pair:', () => {
  test.each(SPOILT)('%s is denied', (_, spoil, problem) => {
    expect(() => start(spoil())).toThrow(problem)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('so must the files, which the error names', () => {
    const [certFile, keyFile] = [join(dir, 'none.crt'), join(dir, 'none.key')]
    const files = () => fileCertificate({ certFile, keyFile, logger, signal: stop.signal })
    expect(files).toThrow(certFile)
  })

  test('one that has run out is denied', () => {
    expect(() => start(first, () => NOW + 7 * DAY_MS)).toThrow(/tls\.crt and .*tls\.key: .* expired/)
  })
})

describe('the last pair goes on, and the log says why once, while there is', () => {
  test.each(SPOILT)('%s', (_, spoil, problem) => {
    const { secret, serving, renewals } = start()
    secret.swap(spoil())
    for (let i = 0; i < 5; i++) look()
    expect(serving.current()).toEqual(first)
    expect(complaints()).toHaveLength(1)
    expect(complaints()[0]).toMatch(problem)

    secret.swap(second)
    look()
    expect(renewals).toEqual([second])
  })

  test('a pair that ran out because nobody renewed it, or that was brought too late', () => {
    let now = NOW
    const { secret, serving } = start(first, () => now)
    now += 8 * DAY_MS
    look()
    secret.swap(second)
    look()
    expect(serving.current()).toEqual(first)
    expect(complaints()).toHaveLength(1)
    expect(complaints()[0]).toContain('expired')
    // As the metric shows it.
    expect(serving.expiresAt()).toBe(NOW + 7 * DAY_MS)
    secret.swap(later)
    look()
    expect(serving.current()).toEqual(later)
  })

  test('nothing at all; and once more after it was well', () => {
    const { secret, serving, renewals } = start()
    for (const pair of [second, first]) {
      secret.unmount()
      look()
      look()
      secret.swap(pair)
      look()
    }
    expect(renewals).toEqual([second, first])
    expect(serving.current()).toEqual(first)
    expect(complaints()).toHaveLength(2)
    expect(complaints()[0]).toContain('ENOENT')
  })
})

test('after the signal nothing is read any more', () => {
  const { secret, serving } = start()
  stop.abort()
  expect(vi.getTimerCount()).toBe(0)
  secret.swap(second)
  look()
  expect(serving.current()).toEqual(first)
})
