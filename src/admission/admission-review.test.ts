import { describe, expect, test } from 'vitest'
import { violation } from '../api/violation.ts'
import type { Operation } from '../injection/json-patch.ts'
import { admissionReview, respond } from './admission-review.ts'
import { allow, type Decision, type Denied, deny } from './decision.ts'
import type { Finding } from './finding.ts'
import { error } from './finding.ts'
import { aReview } from './fixtures.ts'

const UID = '705ab4f5-6393-11e8-b7cc-42010a800002'
const PATCH: Operation[] = [
  { op: 'add', path: '/spec/volumes', value: [{ name: 'ü', emptyDir: {} }] },
  { op: 'add', path: '/metadata/labels/a~1b', value: 'c' },
]

/** The reply as it is on the wire. */
function reply(decision: Decision) {
  return JSON.parse(JSON.stringify(respond(UID, decision)))
}

function denied(...[first, ...rest]: [Finding, ...Finding[]]): Denied {
  return { allowed: false, findings: [first, ...rest] }
}

describe('every reply', () => {
  test.each([
    ['allowed', allow()],
    ['denied', deny(violation('CacheNotFound', 'f', 't'))],
  ])('that is %s is an AdmissionReview v1 that echoes the uid', (verdict, decision) => {
    expect(reply(decision)).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: UID, allowed: verdict === 'allowed' },
    })
  })
})

describe('an allowed reply', () => {
  test('without a patch has neither patch nor patchType, nor anything else', () => {
    expect(reply(allow()).response).toEqual({ uid: UID, allowed: true })
  })

  test('with a patch has patchType JSONPatch, and base64 of the very operations', () => {
    const { response } = reply(allow({ patch: PATCH }))
    expect(response.patchType).toBe('JSONPatch')
    expect(JSON.parse(Buffer.from(response.patch, 'base64').toString('utf8'))).toEqual(PATCH)
    expect(Object.keys(response).sort()).toEqual(['allowed', 'patch', 'patchType', 'uid'])
  })

  test.each([
    ['a line break', 'one\ntwo\r\nthree', 'one\\u{a}two\\u{d}\\u{a}three'],
    ['a tab', 'one\ttwo', 'one\\u{9}two'],
    ['a control character of Latin 1', 'one\u0085two', 'one\\u{85}two'],
    ['what turns text around', 'one\u202etwo', 'one\\u{202e}two'],
    ['what a terminal obeys', '\u001b[31mred', '\\u{1b}[31mred'],
    ['other scripts', 'größe 模型', 'größe 模型'],
  ])('puts a warning with %s on one line, or the API server drops it', (_, text, line) => {
    const violations = [violation('StorageClassNotRWX', '', text), violation('CacheNotReady', '', 'second')]
    const warnings = violations.map(found => ({ ...error(found), severity: 'warning' as const }))
    expect(reply(allow({ warnings })).response.warnings).toEqual([
      `StorageClassNotRWX: ${line}`,
      'CacheNotReady: second',
    ])
  })
})

describe('a denied reply', () => {
  const decision = denied(
    error(violation('CacheNotFound', 'metadata.annotations[a]', 'there is no a')),
    error(violation('CacheNotReady', 'metadata.annotations[b]', 'b is Pending')),
    error(violation('CacheNotFound', 'metadata.annotations[c]', 'there is no c')),
  )

  test('says every finding in its message, the reason before the text', () => {
    expect(reply(decision).response.status).toMatchObject({
      status: 'Failure',
      code: 403,
      reason: 'Forbidden',
      message: 'CacheNotFound: there is no a; CacheNotReady: b is Pending; CacheNotFound: there is no c',
    })
  })

  test('has one cause for each finding, and each reason once in the audit annotation', () => {
    const { status, auditAnnotations } = reply(decision).response
    expect(status.details.causes).toEqual([
      { reason: 'CacheNotFound', field: 'metadata.annotations[a]', message: 'there is no a' },
      { reason: 'CacheNotReady', field: 'metadata.annotations[b]', message: 'b is Pending' },
      { reason: 'CacheNotFound', field: 'metadata.annotations[c]', message: 'there is no c' },
    ])
    expect(auditAnnotations).toEqual({ reason: 'CacheNotFound,CacheNotReady' })
  })

  test('carries no patch and no warnings', () => {
    expect(Object.keys(reply(decision).response).sort()).toEqual([
      'allowed',
      'auditAnnotations',
      'status',
      'uid',
    ])
  })

  test('of a fault of our own has code 500, not the 403 of a rule', () => {
    const { status } = reply(deny(violation('InternalError', '', 'reference 1'))).response
    expect(status).toMatchObject({ code: 500, reason: 'InternalError' })
  })
})

describe('the envelope', () => {
  test('is read, and fields that newer API servers may add are left alone', () => {
    const parsed = admissionReview.parse({ ...aReview({ requestKind: { group: '' } }), extra: 1 })
    expect(parsed.request).toMatchObject({ uid: UID, operation: 'CREATE' })
  })

  test('of a DELETE has no object, and may lack the namespace of a cluster-scoped one', () => {
    const { namespace: _, object: __, ...request } = aReview({ operation: 'DELETE' }).request
    expect(admissionReview.safeParse({ ...aReview(), request }).success).toBe(true)
  })

  test.each([
    ['another version', { ...aReview(), apiVersion: 'admission.k8s.io/v1beta1' }],
    ['another kind', { ...aReview(), kind: 'Pod' }],
    ['no request', { ...aReview(), request: undefined }],
    ['an empty uid', aReview({ uid: '' })],
    ['an unknown operation', aReview({ operation: 'PATCH' })],
    ['null', null],
    ['a list', []],
  ])('is denied for %s', (_, body) => {
    expect(admissionReview.safeParse(body).success).toBe(false)
  })
})
