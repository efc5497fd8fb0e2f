import { expect, test } from 'vitest'
import { hydrationProgress } from '../api/hydration-report.ts'
import { newCounts, progressLine } from './progress.ts'

test('a line of progress says what keeps the hydration from getting on, and nothing that a terminal obeys', () => {
  const trouble = {
    reason: 'SourceUnavailable',
    message: `no\u001b${'x'.repeat(2_000)}`,
    isWaiting: false,
  } as const
  const line = progressLine({ ...newCounts(), bytes: 5 }, trouble)
  const read = hydrationProgress.parse(JSON.parse(line))
  expect(read.progress).toEqual({ bytes: 5, files: 0 })
  expect(read.trouble?.message).toMatch(/^no\\u\{1b\}x+…$/)
  expect(line.length).toBeLessThan(1_000)
  expect(hydrationProgress.parse(JSON.parse(progressLine(newCounts()))).trouble).toBeUndefined()
})
