import { beforeAll, describe, expect, test } from 'vitest'
import { type Authority, fingerprint, trustBundle } from './authority.ts'
import {
  type AuthoritySecret,
  changedSecret,
  ROTATE_CA,
  readAuthority,
  rotationAsked,
} from './authority-secret.ts'
import { aSecretOf } from './certificates.fixtures.ts'
import { DAY_MS, issueCA, issueLeaf, type KeyedCertificate } from './issue.ts'

const NOW = Date.parse('2026-06-01T00:00:00Z')

let signer: KeyedCertificate
let next: KeyedCertificate
let old: KeyedCertificate

beforeAll(async () => {
  const make = () => issueCA({ commonName: 'test', days: 365, now: new Date(NOW) })
  ;[signer, next, old] = await Promise.all([make(), make(), make()])
})

const whole = (): Authority => ({
  signer,
  next,
  previous: [{ certPem: old.certPem, trustedUntil: NOW + DAY_MS }],
})

function spoilt(changes: Record<string, string | undefined>): AuthoritySecret {
  const secret = aSecretOf('system', whole())
  const data = Object.entries({ ...secret.data, ...changes }).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  )
  return { ...secret, data: Object.fromEntries(data) }
}

const encoded = (text: string) => Buffer.from(text).toString('base64')

test('a Secret says what was written into it', () => {
  expect(readAuthority(aSecretOf('system', whole()), NOW)).toEqual({
    authority: whole(),
    nextProblem: undefined,
  })
  const bundle = Buffer.from(aSecretOf('system', whole()).data?.['ca.crt'] ?? '', 'base64').toString()
  expect(bundle).toBe(trustBundle(whole()))
  expect(bundle.match(/BEGIN CERTIFICATE/g)).toHaveLength(3)
  expect(bundle).not.toContain('PRIVATE')
})

describe('a Secret that somebody has spoilt', () => {
  test.each([
    ['no data', () => ({ ...aSecretOf('system', whole()), data: undefined })],
    ['no key', () => spoilt({ 'signer.key': undefined })],
    ['the key of another', () => spoilt({ 'signer.key': encoded(next.keyPem) })],
    ['what is no PEM', () => spoilt({ 'signer.crt': encoded('hello') })],
    ['what is no base64', () => spoilt({ 'signer.crt': '%%%' })],
  ])('with %s has no authority, and a problem in words', (_, make) => {
    const reading = readAuthority(make(), NOW)
    expect(reading.authority).toBeUndefined()
    expect(reading).toHaveProperty('problem')
  })

  test('keeps what was trusted', () => {
    const reading = readAuthority(spoilt({ 'signer.key': undefined }), NOW)
    expect('trusted' in reading && reading.trusted.map(({ certPem }) => fingerprint(certPem))).toEqual(
      [signer, next, old].map(({ certPem }) => fingerprint(certPem)),
    )
  })

  test('whose signer has run out, or is no CA, cannot be used', async () => {
    expect(readAuthority(aSecretOf('system', whole()), NOW + 366 * DAY_MS).authority).toBeUndefined()
    const leaf = await issueLeaf(signer, {
      commonName: 'leaf',
      dnsNames: ['a'],
      days: 7,
      usages: ['serverAuth'],
      now: new Date(NOW),
    })
    const secret = aSecretOf('system', { ...whole(), signer: leaf })
    expect(readAuthority(secret, NOW).authority).toBeUndefined()
  })

  test('in its next CA alone goes on with its signer', () => {
    const reading = readAuthority(spoilt({ 'next.key': encoded(old.keyPem) }), NOW)
    expect(reading.authority?.signer).toEqual(signer)
    expect(reading.authority?.next).toBeUndefined()
    expect(reading).toHaveProperty('nextProblem', expect.any(String))
  })
})

test('a rotation is asked for by a value that was not seen yet', () => {
  const secret = aSecretOf('system', whole())
  expect(rotationAsked(secret)).toBeUndefined()
  const annotated = {
    ...secret,
    metadata: { ...secret.metadata, resourceVersion: '7', annotations: { [ROTATE_CA]: 'now' } },
  }
  expect(rotationAsked(annotated)).toBe('now')
  const begun = changedSecret(annotated, whole(), 'now')
  expect(rotationAsked(begun)).toBeUndefined()
  expect(begun.metadata).toMatchObject({ resourceVersion: '7', annotations: { [ROTATE_CA]: 'now' } })
})
