import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gapsIn, prefixOf, type Range, splitRanges, withRange } from './ranges.ts'

test.each<[readonly Range[], Range, Range[]]>([
  [[], [0, 5], [[0, 5]]],
  [[[0, 5]], [5, 9], [[0, 9]]],
  [
    [[0, 5]],
    [7, 9],
    [
      [0, 5],
      [7, 9],
    ],
  ],
  [
    [
      [0, 5],
      [7, 9],
    ],
    [5, 7],
    [[0, 9]],
  ],
  [
    [[4, 6]],
    [0, 1],
    [
      [0, 1],
      [4, 6],
    ],
  ],
  [[[0, 9]], [2, 3], [[0, 9]]],
])('%j and %j are %j', (ranges, range, expected) => {
  expect(withRange(ranges, range)).toEqual(expected)
})

test('ranges have the bytes that were put into them, in order, whatever came first', () => {
  const range = fc
    .tuple(fc.nat(40), fc.integer({ min: 1, max: 10 }))
    .map(([from, size]): Range => [from, from + size])
  fc.assert(
    fc.property(fc.array(range, { maxLength: 20 }), given => {
      const ranges = given.reduce<Range[]>((all, one) => withRange(all, one), [])
      const bytes = new Set(
        given.flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => from + at)),
      )
      const kept = ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => from + at))
      expect(kept).toEqual([...bytes].toSorted((a, b) => a - b))
      let prefix = 0
      while (bytes.has(prefix)) prefix++
      expect(prefixOf(ranges)).toBe(prefix)
    }),
  )
})

test.each<[ranges: Range[], size: number, gaps: Range[]]>([
  [[], 10, [[0, 10]]],
  [[[0, 10]], 10, []],
  [
    [
      [0, 3],
      [5, 7],
    ],
    10,
    [
      [3, 5],
      [7, 10],
    ],
  ],
  [[[2, 20]], 10, [[0, 2]]],
  [[], 0, []],
])('what is missing of %j up to %i is %j', (ranges, size, gaps) => {
  expect(gapsIn(ranges, size)).toEqual(gaps)
})

test('ranges are split into parts of at most so many bytes', () => {
  expect(
    splitRanges(
      [
        [0, 25],
        [30, 40],
      ],
      10,
    ),
  ).toEqual([
    [0, 10],
    [10, 20],
    [20, 25],
    [30, 40],
  ])
})
