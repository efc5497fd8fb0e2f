import { expect, test } from 'vitest'
import { onTrouble } from '../trouble.ts'
import { askedWaitMs, TransientError, withRetries } from './retry.ts'

const NOW = Date.parse('2031-06-01T12:00:00Z')

test.each<[Record<string, string>, number | undefined]>([
  [{}, undefined],
  [{ 'retry-after': '5' }, 5_000],
  [{ 'retry-after': 'Sun, 01 Jun 2031 12:00:09 GMT' }, 9_000],
  [{ 'retry-after': 'Sun, 01 Jun 2031 11:00:00 GMT' }, 0],
  [{ 'retry-after': 'soon' }, undefined],
  [{ ratelimit: '"api";r=0;t=55' }, 55_000],
  [{ ratelimit: 'limit=100, remaining=0, reset=30' }, 30_000],
  [{ 'ratelimit-reset': '12' }, 12_000],
  [{ 'retry-after': '5', ratelimit: '"api";r=0;t=55' }, 5_000],
  [{ ratelimit: 'never' }, undefined],
])('%j asks for a wait of %s ms', (headers, ms) => {
  expect(askedWaitMs(headers, NOW)).toBe(ms)
})

test('a retry says what the trouble is, and that it is over', async () => {
  const told: unknown[] = []
  const stop = onTrouble(trouble => told.push(trouble))
  let attempts = 0
  const work = async () => {
    attempts += 1
    if (attempts < 3) throw new TransientError('SourceUnavailable', `down ${attempts}`)
    return 'done'
  }
  const signal = new AbortController().signal
  expect(await withRetries(work, { signal, wait: async () => {} })).toBe('done')
  stop()
  const trouble = { reason: 'SourceUnavailable', isWaiting: false }
  expect(told).toEqual([{ ...trouble, message: 'down 1' }, { ...trouble, message: 'down 2' }, undefined])
})
