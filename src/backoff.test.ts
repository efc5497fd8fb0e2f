import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

const backoff = { baseMs: 500, capMs: 30_000 }

test('the wait doubles up to its cap', () => {
  const most = () => 1
  expect([1, 2, 3, 7, 100].map(failures => backoffMs(failures, backoff, most))).toEqual([
    500, 1_000, 2_000, 30_000, 30_000,
  ])
})

test('chance takes off at most half', () => {
  expect(backoffMs(1, backoff, () => 0)).toBe(250)
})
