import { expect, test } from 'vitest'
import { atPace, LeftBehind, TooSlow } from './pace.ts'
import { createPeers, type Peers } from './peers.ts'

const PACE = { bytesPerSecond: 100, overMs: 10_000 }

/** Reads chunks that take so long to come and to be used, by a clock of its own. */
async function read(
  chunks: { bytes: number; comesAfterMs: number }[],
  { usedForMs = 0, peers }: { usedForMs?: number; peers?: Peers } = {},
): Promise<number> {
  let now = 0
  async function* source() {
    for (const { bytes, comesAfterMs } of chunks) {
      now += comesAfterMs
      yield new Uint8Array(bytes)
    }
  }
  let read = 0
  for await (const chunk of atPace(source(), PACE, { peers, now: () => now })) {
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
  expect(await read(quick, { usedForMs: 60_000 })).toBe(10)
})

const MIB = 2 ** 20
const stream = (bytesPerSecond: number, seconds: number) =>
  Array.from({ length: seconds }, () => ({ bytes: bytesPerSecond, comesAfterMs: 1_000 }))

/** Connections that had these rates. */
async function peersAt(...rates: number[]): Promise<Peers> {
  const peers = createPeers()
  for (const rate of rates) await read(stream(rate, 2), { peers })
  return peers
}

test('a connection that has less than a quarter of what others have is given up after ten seconds', async () => {
  const peers = await peersAt(20 * MIB, 18 * MIB, 22 * MIB, 20 * MIB)
  await expect(read(stream(4 * MIB, 11), { peers })).rejects.toThrow(LeftBehind)
  expect(await read(stream(6 * MIB, 11), { peers })).toBe(66 * MIB)
  // It has come to its end before anybody looks.
  expect(await read(stream(MIB, 9), { peers })).toBe(9 * MIB)
})

test('a few others say nothing, and neither do small files', async () => {
  expect(await read(stream(MIB, 11), { peers: await peersAt(20 * MIB, 20 * MIB, 20 * MIB) })).toBe(11 * MIB)
  const small = createPeers()
  for (let index = 0; index < 10; index++) small.note(50_000, 1)
  expect(await read(stream(MIB, 11), { peers: small })).toBe(11 * MIB)
})

test('a link that becomes slow for all is not the fault of one', async () => {
  const peers = await peersAt(...Array.from({ length: 40 }, () => 20 * MIB))
  for (let index = 0; index < 17; index++) await read(stream(MIB, 3), { peers })
  expect(await read(stream(MIB, 30), { peers })).toBe(30 * MIB)
})
