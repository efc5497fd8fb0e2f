import { describe, expect, test } from 'vitest'
import { ageOf, line, several, table } from './words.ts'

const NOW = Date.parse('2031-06-01T12:00:00Z')

test.each([
  ['2031-06-01T11:59:18Z', '42s'],
  ['2031-06-01T11:53:00Z', '7m'],
  ['2031-06-01T09:00:00Z', '3h'],
  ['2031-05-27T12:00:00Z', '5d'],
  // Clocks differ.
  ['2031-06-01T12:00:30Z', '0s'],
  ['no time', ''],
  [undefined, ''],
])('the age of %s is %s', (time, expected) => {
  expect(ageOf(time, NOW)).toBe(expected)
})

describe('a line', () => {
  test('is one, and safe to print', () => {
    expect(line(' a\n  b\u001b[2J ')).toBe('a b\\u{1b}[2J')
    expect(line(undefined)).toBe('')
    expect(line('x'.repeat(10_000), 10)).toBe(`${'x'.repeat(9)}…`)
  })
})

test('a table is aligned, without blanks at the ends of its lines', () => {
  expect(
    table(
      ['NAME', 'AGE'],
      [
        ['llama', '4m'],
        ['q', ''],
      ],
    ),
  ).toBe('NAME    AGE\nllama   4m\nq\n')
})

test('one of something, or several', () => {
  expect([several(1, 'pod'), several(0, 'pod')]).toEqual(['1 pod', '0 pods'])
})
