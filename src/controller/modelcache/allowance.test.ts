import { expect, test } from 'vitest'
import { createAllowance } from './allowance.ts'

test('an allowance is spent, and comes back with time, but is never saved for long', () => {
  const may = createAllowance(3)
  const at = (now: number, times: number) =>
    Array.from({ length: times }, () => may(now)).filter(Boolean).length
  expect(at(1_000, 5)).toBe(3)
  expect(at(1_100, 5)).toBe(0)
  expect(at(1_500, 5)).toBe(1)
  expect(at(2_500, 5)).toBe(3)
  expect(at(60_000, 9)).toBe(3)
  // A clock that goes back gives nothing.
  expect(at(50_000, 1)).toBe(0)
})
