import { describe, expect, test } from 'vitest'
import { cut, foreign, printable, printableJson } from './text.ts'

const BELL = '\u0007'

describe('text from outside', () => {
  test.each([
    ['is as it was where it has room', 'short', 'short'],
    ['is as it was where it just has room', 'exactly 10', 'exactly 10'],
    ['ends in an ellipsis where it has none', 'eleven char', 'eleven ch…'],
    ['has escapes', `a${BELL}b`, 'a\\u{7}b'],
    ['has no half of an escape at its end', `123456${BELL}`, '123456…'],
    ['keeps an escape that has room', `123${BELL}56789`, '123\\u{7}5…'],
    ['has no half of a letter at its end', '12345678😀0', '12345678…'],
    ['may be empty', '', ''],
  ])('%s', (_, given, expected) => {
    expect(foreign(given, 10)).toBe(expected)
  })

  test('never has more characters than its bound, however many escapes it needs', () => {
    for (const character of ['x', BELL, '\u{E0001}', '😀', '\u2028'])
      for (let max = 1; max < 40; max++)
        expect(foreign(character.repeat(50), max).length).toBeLessThanOrEqual(max)
  })
})

test('a text that is cut is one character shorter, and says so', () => {
  expect(cut('12345', 5)).toBe('12345')
  expect(cut('123456', 5)).toBe('1234…')
})

test('what no terminal shows is escaped, and a program reads the same from JSON', () => {
  expect(printable('a\u202eb')).toBe('a\\u{202e}b')
  expect(printable('a\u00a0b c')).toBe('a\\u{a0}b c')
  expect(JSON.parse(printableJson({ a: `x\u{E0001}${BELL}` }))).toEqual({ a: `x\u{E0001}${BELL}` })
})
