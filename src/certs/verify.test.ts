import { createPrivateKey } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { aCA, aLeaf, anEcdsaPair, aWeakPair, NOW } from './certificates.fixtures.ts'
import { BACKDATE_MS, DAY_MS, type KeyedCertificate } from './issue.ts'
import { caProblem, endOf, pairProblem, readCertificate, readCertificates, servingProblem } from './verify.ts'

const HELLO = '-----BEGIN CERTIFICATE-----\nhello\n-----END CERTIFICATE-----\n'

let ca: KeyedCertificate
let leaf: KeyedCertificate
let other: KeyedCertificate

beforeAll(async () => {
  ca = await aCA()
  ;[leaf, other] = await Promise.all([aLeaf(ca), aLeaf(ca, { commonName: 'other' })])
})

describe('reading', () => {
  test('one certificate takes the first of a chain, and nothing from what is none', () => {
    expect(readCertificate(leaf.certPem + ca.certPem)?.subject).toBe('CN=test')
    for (const text of ['', 'hello', HELLO, leaf.keyPem]) expect(readCertificate(text)).toBeUndefined()
  })

  test('a bundle finds each certificate once, in one form, whatever people wrote around it', () => {
    const untidy = [
      '# ours',
      ca.certPem.replaceAll('\n', '\r\n'),
      leaf.keyPem,
      HELLO,
      leaf.certPem.trim(),
      ca.certPem,
    ].join('\n')
    expect(readCertificates(untidy)).toEqual([ca.certPem, leaf.certPem])
    expect(readCertificates('')).toEqual([])
  })

  test('the end of a certificate is a time, and that of anything else is none', () => {
    expect(endOf(leaf.certPem)).toBe(NOW + 7 * DAY_MS)
    expect(endOf('hello')).toBeUndefined()
  })
})

describe('a pair', () => {
  test.each([
    ['an hour before it begins, for clocks that differ', NOW - 2 * BACKDATE_MS, undefined],
    ['earlier than that', NOW - 2 * BACKDATE_MS - 1, /valid only from 2026-05-31T23:00:00.000Z/],
    ['until its last moment', NOW + 7 * DAY_MS - 1, undefined],
    ['from its end on', NOW + 7 * DAY_MS, /expired at 2026-06-08T00:00:00.000Z/],
  ])('%s', (_, now, problem) => {
    expect(pairProblem(leaf, now) ?? 'none').toMatch(problem ?? /^none$/)
  })

  test.each<[string, () => KeyedCertificate, RegExp]>([
    ['no certificate', () => ({ ...leaf, certPem: '' }), /certificate cannot be read/],
    ['half a certificate', () => ({ ...leaf, certPem: leaf.certPem.slice(0, 400) }), /cannot be read/],
    ['no key', () => ({ ...leaf, keyPem: '' }), /key does not belong to the certificate/],
    ['half a key', () => ({ ...leaf, keyPem: leaf.keyPem.slice(0, 400) }), /key does not belong/],
    ['the key of another', () => ({ ...leaf, keyPem: other.keyPem }), /key does not belong/],
    ['a key with a passphrase', () => ({ ...leaf, keyPem: locked(leaf.keyPem) }), /key does not belong/],
  ])('with %s is not to be used, and the words say nothing of the key', (_, spoil, words) => {
    const problem = pairProblem(spoil(), NOW)
    expect(problem).toMatch(words)
    expect(problem).not.toMatch(/BEGIN|[A-Za-z0-9+/]{40}/)
  })

  test('may be of ECDSA', () => {
    const pair = anEcdsaPair(leaf)
    expect(servingProblem(pair, NOW)).toBeUndefined()
    expect(pairProblem({ ...pair, keyPem: anEcdsaPair(leaf).keyPem }, NOW)).toMatch(/key does not belong/)
  })
})

describe('a pair to serve with', () => {
  test('may bring its chain', () => {
    expect(servingProblem({ ...leaf, certPem: leaf.certPem + ca.certPem }, NOW)).toBeUndefined()
  })

  test('is denied where the pair is, and where TLS would deny it', () => {
    expect(servingProblem({ ...leaf, keyPem: other.keyPem }, NOW)).toMatch(/key does not belong/)
    // The first certificate and the key in it are valid.
    for (const pair of [aWeakPair(), { ...leaf, certPem: leaf.certPem + HELLO }]) {
      expect(pairProblem(pair, NOW)).toBeUndefined()
      expect(servingProblem(pair, NOW)).toEqual(expect.any(String))
    }
  })
})

test('a CA has to be one', () => {
  expect(caProblem(ca, NOW)).toBeUndefined()
  expect(caProblem(leaf, NOW)).toMatch(/not a CA certificate/)
  expect(caProblem({ ...ca, keyPem: leaf.keyPem }, NOW)).toMatch(/key does not belong/)
  expect(caProblem(ca, NOW + 365 * DAY_MS)).toMatch(/expired/)
})

function locked(keyPem: string): string {
  const how = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const
  return createPrivateKey(keyPem).export(how).toString()
}
