import { expect, test } from 'vitest'
import { compactHeap } from './compact-heap.ts'

test('what is kept of a large list takes little more than its own size', () => {
  const text = JSON.stringify(
    Array.from({ length: 200_000 }, (_, id) => ({ id, words: ['one', 'two', `${id}`] })),
  )
  const kept = Array.from({ length: 6 }, () =>
    (JSON.parse(text) as object[]).filter((_, index) => index % 100 === 0),
  )
  const before = process.memoryUsage().heapTotal
  compactHeap()
  const { heapTotal, heapUsed } = process.memoryUsage()
  expect(heapTotal).toBeLessThan(before)
  expect(heapTotal - heapUsed).toBeLessThan(32 * 2 ** 20)
  expect(kept.flat()).toHaveLength(12_000)
})
