import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { listOf, mapOf, text } from './bounds.ts'

const issueOf = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error?.issues[0]?.message

describe('a text', () => {
  test('that is too long meets no pattern', () => {
    let asked = 0
    const schema = text(3).refine(() => ++asked > 0)
    expect(issueOf(schema, 'abcd')).toContain('3 characters')
    expect(asked).toBe(0)
  })
})

describe('a list', () => {
  test('that is too long has none of its items read', () => {
    let read = 0
    const schema = listOf(
      z.string().refine(() => ++read > 0),
      2,
    )
    expect(issueOf(schema, ['a', 'b', 'c'])).toBe('has 3 items, but at most 2 are allowed')
    expect(read).toBe(0)
    expect(schema.parse(['a', 'b'])).toEqual(['a', 'b'])
  })
})

describe('a map', () => {
  const schema = mapOf(text(5), { entries: 2, key: 9 })

  test('is given as it came, keys that JavaScript treats in its own way included', () => {
    const given = JSON.parse('{"__proto__":"a","toString":"b"}')
    expect(schema.parse(given)).toBe(given)
  })

  test.each([
    ['too many entries', { a: '1', b: '2', c: '3' }, 'has 3 entries, but at most 2 are allowed'],
    ['too long a key', { ['k'.repeat(10)]: '1' }, 'has a key of 10 characters, but at most 9 are allowed'],
    ['a value that is no text', { a: 1 }, 'expected string'],
    ['a value that is too long', JSON.parse('{"__proto__":"123456"}'), '5 characters'],
    ['no map', ['a'], 'expected a map'],
    ['null', null, 'expected a map'],
  ])('with %s is denied', (_, given, message) => {
    expect(issueOf(schema, given)).toContain(message)
  })
})
