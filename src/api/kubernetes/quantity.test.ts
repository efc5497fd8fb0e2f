import { describe, expect, test } from 'vitest'
import { parseBytes, parseQuantity } from './quantity.ts'

const NANO = 10n ** 9n

describe('a quantity', () => {
  test.each<[string | number, bigint]>([
    ['0', 0n],
    ['5', 5n],
    [5, 5n],
    ['+5', 5n],
    ['-5', -5n],
    ['007', 7n],
    ['2k', 2_000n],
    ['2M', 2_000_000n],
    ['2G', 2_000_000_000n],
    ['2T', 2n * 10n ** 12n],
    ['2P', 2n * 10n ** 15n],
    ['2E', 2n * 10n ** 18n],
    ['2Ki', 2_048n],
    ['2Mi', 2n * 2n ** 20n],
    ['200Gi', 200n * 2n ** 30n],
    ['2Ti', 2n * 2n ** 40n],
    ['2Pi', 2n * 2n ** 50n],
    ['16Ei', 2n ** 64n],
    ['1e3', 1_000n],
    ['1E3', 1_000n],
    ['1e+3', 1_000n],
    ['1.5e3', 1_500n],
    ['2500e-2', 25n],
    ['1.5G', 1_500_000_000n],
    ['0.5Ki', 512n],
    ['.5Gi', 2n ** 29n],
    ['1.Gi', 2n ** 30n],
    [1e21, 10n ** 21n],
    // More digits than a double has: 1 gets lost in floating point.
    ['9007199254740993', 9_007_199_254_740_993n],
  ])('%s is %s', (quantity, units) => {
    expect(parseQuantity(quantity)).toBe(units * NANO)
  })

  test.each<[string | number, bigint]>([
    ['1500m', 1_500_000_000n],
    [0.1, 100_000_000n],
    ['1u', 1_000n],
    ['1n', 1n],
    ['-1n', -1n],
    ['1e-9', 1n],
    // Finer than Kubernetes keeps, so it is rounded away from zero.
    ['0.1n', 1n],
    ['-0.1n', -1n],
    ['1.0000000001', 1_000_000_001n],
    ['0.0000000001Ki', 103n],
  ])('%s is %s billionths', (quantity, billionths) => {
    expect(parseQuantity(quantity)).toBe(billionths)
  })

  test.each([
    '',
    '.',
    '-',
    'Gi',
    '1.2.3',
    '1 Gi',
    '1gi',
    '1K',
    '1mi',
    '1Gi3',
    '1ee3',
    '1e',
    '0x10',
    '1e1000',
    'NaN',
  ])('%j is none', text => {
    expect(parseQuantity(text)).toBeUndefined()
  })
})

test.each<[string, number | undefined]>([
  ['10Gi', 10 * 2 ** 30],
  ['1500m', 1],
  ['0', undefined],
  ['-1Gi', undefined],
  ['8Ei', undefined],
  ['much', undefined],
])('%s are %s bytes of a volume', (quantity, bytes) => {
  expect(parseBytes(quantity)).toBe(bytes)
})
