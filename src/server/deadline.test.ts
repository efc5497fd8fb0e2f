import { describe, expect, test } from 'vitest'
import { timeLimitMs } from './deadline.ts'

describe('the time for a review', () => {
  test.each([
    ['5s', 5_000],
    ['1s', 1_000],
    ['30s', 30_000],
    ['1500ms', 1_500],
  ])(
    'for timeout=%s is less than that, so that the answer still arrives, and half of it at least',
    (timeout, askedMs) => {
      expect(timeLimitMs(timeout)).toBeLessThan(askedMs)
      expect(timeLimitMs(timeout)).toBeGreaterThanOrEqual(askedMs / 2)
    },
  )

  test.each(['0s', '1ms'])('is never zero or negative, for timeout=%s either', timeout => {
    expect(timeLimitMs(timeout)).toBe(1)
  })

  test('is less by what the request has waited, and none when that is all of it', () => {
    expect(timeLimitMs('5s', 1_000)).toBe(timeLimitMs('5s') - 1_000)
    expect(timeLimitMs('5s', 4_900)).toBe(1)
    expect(timeLimitMs('5s', 5_000)).toBe(0)
    expect(timeLimitMs('5s', 60_000)).toBe(0)
  })

  test('never exceeds the longest that a webhook configuration may ask for', () => {
    expect(timeLimitMs('999999s')).toBe(timeLimitMs('30s'))
  })

  test.each([undefined, '', '5', 's', '-5s', '5 s', '5s5s', '1e3s', '1m0s', ['5s', '6s'], 5])(
    'is that of the default of 10 s for timeout=%j',
    timeout => {
      expect(timeLimitMs(timeout)).toBe(timeLimitMs('10s'))
    },
  )
})
