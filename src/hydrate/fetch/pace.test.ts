import { expect, test } from 'vitest'
import { atPace, TooSlow } from './pace.ts'

const PACE = { bytesPerSecond: 100, overMs: 10_000 }

/** Reads chunks that take so long to come and to be used, by a clock of its own. */
async function read(chunks: { bytes: number; comesAfterMs: number }[], usedForMs = 0): Promise<number> {
  let now = 0
  async function* source() {
    for (const { bytes, comesAfterMs } of chunks) {
      now += comesAfterMs
      yield new Uint8Array(bytes)
    }
  }
  let read = 0
  for await (const chunk of atPace(source(), PACE, () => now)) {
    now += usedForMs
    read += chunk.length
  }
  return read
}

test('a byte now and then is too slow', async () => {
  const drops = Array.from({ length: 5 }, () => ({ bytes: 1, comesAfterMs: 5_000 }))
  await expect(read(drops)).rejects.toThrow(TooSlow)
})

test('enough bytes over a long time are fine, however they come', async () => {
  const bursts = [
    { bytes: 1, comesAfterMs: 9_000 },
    { bytes: 2_000, comesAfterMs: 2_000 },
    { bytes: 10_000, comesAfterMs: 30_000 },
  ]
  expect(await read(bursts)).toBe(12_001)
})

test('a slow reader is not the fault of the source', async () => {
  const quick = Array.from({ length: 10 }, () => ({ bytes: 1, comesAfterMs: 100 }))
  expect(await read(quick, 60_000)).toBe(10)
})
