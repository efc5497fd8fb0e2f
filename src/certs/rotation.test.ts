import { beforeAll, describe, expect, test } from 'vitest'
import type { Authority } from './authority.ts'
import { DAY_MS, issueCA, type KeyedCertificate } from './issue.ts'
import { introduced, promoted, type RotationInput, replaced, retired, rotationStep } from './rotation.ts'

const NOW = Date.parse('2026-06-01T00:00:00Z')
const SETTLE_MS = 120_000
/** Seven days of a leaf, and an hour for clocks. */
const TRUSTED_MS = 7 * DAY_MS + 3_600_000

let first: KeyedCertificate
let second: KeyedCertificate

beforeAll(async () => {
  const make = () => issueCA({ commonName: 'test', days: 365, now: new Date(NOW) })
  ;[first, second] = await Promise.all([make(), make()])
})

function input(authority: Authority, changes: Partial<RotationInput> = {}): RotationInput {
  return {
    authority,
    nextProblem: undefined,
    asked: false,
    trustedForMs: undefined,
    settleMs: SETTLE_MS,
    now: NOW,
    ...changes,
  }
}

const alone = (): Authority => ({ signer: first, next: undefined, previous: [] })
const rotating = (): Authority => ({ signer: first, next: second, previous: [] })

describe('the next step of a rotation', () => {
  test('is none for a young CA', () => {
    expect(rotationStep(input(alone()))).toBeUndefined()
    expect(rotationStep(input(alone(), { now: NOW + 243 * DAY_MS }))).toBeUndefined()
  })

  test('is another CA at two thirds of its life', () => {
    expect(rotationStep(input(alone(), { now: NOW + 244 * DAY_MS }))).toEqual({
      kind: 'introduce',
      why: 'age',
    })
  })

  test('is another CA when somebody asks, or when the next one cannot be used', () => {
    expect(rotationStep(input(alone(), { asked: true }))).toEqual({ kind: 'introduce', why: 'asked' })
    expect(rotationStep(input(alone(), { nextProblem: 'its key does not fit' }))).toEqual({
      kind: 'introduce',
      why: 'next CA unusable',
    })
  })

  test.each([
    ['nobody shows the bundle', undefined],
    ['it is shown for less than the settle time', SETTLE_MS - 1],
  ])('is to wait while %s, even when another rotation is asked for', (_, trustedForMs) => {
    expect(rotationStep(input(rotating(), { trustedForMs, asked: true }))).toBeUndefined()
  })

  test('is that the next CA signs, once all have trusted it for the settle time', () => {
    expect(rotationStep(input(rotating(), { trustedForMs: SETTLE_MS }))).toEqual({ kind: 'promote' })
  })

  test('is to write down until when a previous CA is trusted, and then to drop it', () => {
    const untold = { ...alone(), previous: [{ certPem: second.certPem, trustedUntil: undefined }] }
    expect(rotationStep(input(untold))).toEqual({ kind: 'retire' })
    const told = retired(untold, NOW)
    expect(told.previous).toEqual([{ certPem: second.certPem, trustedUntil: NOW + TRUSTED_MS }])
    expect(rotationStep(input(told))).toBeUndefined()
    expect(rotationStep(input(told, { now: NOW + TRUSTED_MS }))).toEqual({ kind: 'retire' })
    expect(retired(told, NOW + TRUSTED_MS).previous).toEqual([])
  })

  test('puts a time right that a clock far ahead has written', () => {
    const ahead = { ...alone(), previous: [{ certPem: second.certPem, trustedUntil: NOW + 400 * DAY_MS }] }
    expect(rotationStep(input(ahead))).toEqual({ kind: 'retire' })
    expect(retired(ahead, NOW).previous[0]?.trustedUntil).toBe(NOW + TRUSTED_MS)
  })
})

describe('an authority', () => {
  test('trusts the next CA before it signs, and the former signer for as long as a leaf of it can live', () => {
    const both = introduced(alone(), second, NOW)
    expect(both).toEqual(rotating())
    expect(promoted(both, NOW)).toEqual({
      signer: second,
      next: undefined,
      previous: [{ certPem: first.certPem, trustedUntil: NOW + TRUSTED_MS }],
    })
  })

  test('stays as it is where there is nothing to promote', () => {
    expect(promoted(alone(), NOW)).toEqual(alone())
  })

  test('whose signer is lost goes on with a fresh one, and trusts what it trusted for the usual time', () => {
    const trusted = [{ certPem: first.certPem, trustedUntil: undefined }]
    expect(replaced(trusted, second, NOW)).toEqual({
      signer: second,
      next: undefined,
      previous: [{ certPem: first.certPem, trustedUntil: NOW + TRUSTED_MS }],
    })
  })
})
