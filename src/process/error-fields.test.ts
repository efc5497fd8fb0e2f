import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ApiError } from '../kube/api-error.ts'
import { errorFields } from './error-fields.ts'

const CANARY = 'canary-5eb63bbb'

function said(error: unknown): string {
  return JSON.stringify(errorFields(error))
}

test('names, words, codes, and where it was thrown', () => {
  const error = Object.assign(new TypeError('fetch failed'), {
    code: 'ECONNRESET',
    status: 503,
    statusCode: 503,
    reason: 'Unreachable',
  })
  expect(errorFields(error)).toEqual({
    type: 'TypeError',
    message: 'fetch failed',
    code: 'ECONNRESET',
    status: 503,
    statusCode: 503,
    reason: 'Unreachable',
    stack: expect.stringMatching(/^ {4}at .*error-fields\.test\.ts:\d+:\d+/),
  })
})

describe('of what an error carries besides, nothing is said:', () => {
  test.each<[string, Record<string, unknown>]>([
    ['headers', { headers: { authorization: `Bearer ${CANARY}` } }],
    ['a body', { body: CANARY }],
    ['a response', { response: { data: { token: CANARY } } }],
    ['a request', { request: { object: { spec: CANARY } }, input: CANARY }],
    ['a code that is an object', { code: { token: CANARY }, reason: [CANARY] }],
    ['a code that has to be computed', Object.create({}, { code: { get: () => CANARY, enumerable: true } })],
  ])('%s', (_, carried) => {
    const error = Object.defineProperties(new Error('failed'), Object.getOwnPropertyDescriptors(carried))
    expect(said(error)).not.toContain(CANARY)
    expect(said(new Error('around it', { cause: error }))).not.toContain(CANARY)
    expect(said(new AggregateError([error], 'all failed'))).not.toContain(CANARY)
  })

  test.each([CANARY, { token: CANARY }, [CANARY], Symbol(CANARY), () => CANARY])(
    'what is thrown and is no error, %#',
    thrown => {
      expect(errorFields(thrown)).toEqual({ type: typeof thrown })
      expect(said(new Error('around it', { cause: thrown }))).not.toContain(CANARY)
    },
  )
})

describe('a parser that quotes what it could not read is not quoted:', () => {
  test.each([
    CANARY,
    `"${CANARY}`,
    `{"token":"x" ${CANARY}}`,
    `{"a":"${'x'.repeat(100)}" ${CANARY}, "b":"${'y'.repeat(100)}"}`,
    `'${CANARY}'`,
    `{"a":"\n${CANARY}"}`,
    `[1,]${CANARY}`,
  ])('JSON, %#', text => {
    const error = thrownBy(() => JSON.parse(text))
    expect(error).toBeInstanceOf(SyntaxError)
    const fields = said(error)
    for (const part of [CANARY, 'canary', '5eb6']) expect(fields).not.toContain(part)
    expect(fields).toContain('JSON')
  })

  test('a schema', () => {
    const schema = z.object({
      a: z.enum(['one', 'two']),
      b: z.number(),
      c: z.literal(1),
      d: z.iso.datetime(),
    })
    const error = thrownBy(() => schema.parse({ a: CANARY, b: CANARY, c: CANARY, d: CANARY, [CANARY]: 1 }))
    expect(said(error)).not.toContain(CANARY)
    expect(said(error)).toContain('ZodError')
  })
})

test('causes are told apart by their fields, too', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', headers: CANARY })
  const error = new ApiError(0, 'Unreachable', 'no reply to GET /api', { cause })
  expect(errorFields(error)).toMatchObject({
    type: 'ApiError',
    status: 0,
    reason: 'Unreachable',
    cause: { type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
  })
})

test('of several errors in one the first five are told', () => {
  const errors = Array.from({ length: 9 }, (_, index) => new Error(`number ${index}`))
  const fields = said(new AggregateError(errors, 'all failed'))
  expect(fields).toContain('number 4')
  expect(fields).not.toContain('number 5')
})

test('an error that is its own cause, and one of its own errors, comes to an end', () => {
  const circle = new AggregateError([], 'round')
  circle.errors.push(circle)
  circle.cause = circle
  expect(said(circle).length).toBeLessThan(100_000)
})

test('a long message is cut', () => {
  expect(errorFields(new Error('x'.repeat(5_000)))).toMatchObject({ message: 'x'.repeat(1_000) })
})

test('the stack does not repeat the message, of however many lines it is', () => {
  const error = new Error(`first\n${CANARY}\nlast`)
  expect(errorFields(error)).toMatchObject({ stack: expect.not.stringContaining(CANARY) })
})

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
