import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aFile, sha256 } from '../fixtures.ts'
import { BLOCK_BYTES, type Blocks, createBlocks } from './blocks.ts'
import { mayWriteDirectly } from './direct.ts'
import { createHasher, type Hasher } from './hasher.ts'
import { newPart, split } from './part.ts'
import { type LargeFile, openPartedFile } from './parted-file.ts'
import type { Range } from './ranges.ts'

const CONTENT = randomBytes(9 * BLOCK_BYTES + 4_321)
const SIZE = CONTENT.length
const NEVER = new AbortController().signal
const DIRECTLY = (await mayWriteDirectly(tmpdir())) ? [true, false] : [false]

let dir: string
let blocks: Blocks
let out: number
let hasher: Hasher

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-parted-'))
  const real = createBlocks(4)
  out = 0
  blocks = {
    memory: real.memory,
    take() {
      out += 1
      return real.take()
    },
    giveBack(block) {
      out -= 1
      real.giveBack(block)
    },
  }
  hasher = createHasher(blocks)
})
afterEach(async () => {
  await hasher.close()
  await rm(dir, { recursive: true })
})

async function opened(given: {
  noted?: readonly Range[]
  writesDirectly: boolean
  file?: Partial<LargeFile>
}) {
  const path = join(dir, 'file')
  const states: (readonly Range[])[] = []
  const { noted = [], writesDirectly, file = {} } = given
  const parted = await openPartedFile(
    path,
    { ...aFile('file', CONTENT), size: SIZE, ...file },
    {
      plan: { noted, parts: [] },
      record: async ({ ranges }) => void states.push(ranges),
      confirm: async () => {},
      onBytes() {},
      blockwise: { hasher, blocks, writesDirectly },
    },
  )
  return { parted, path, states }
}

test.each(DIRECTLY)(
  'parts in any order make the file, and its hash (past the page cache: %s)',
  async writesDirectly => {
    const { parted, path, states } = await opened({ writesDirectly })
    const third = Math.ceil(SIZE / 3)
    const parts = [newPart([2 * third, SIZE]), newPart([third, 2 * third]), newPart([0, third])]
    await Promise.all(parts.map(part => parted.write(part, NEVER)))
    expect(await parted.finish()).toEqual({ sha256: sha256(CONTENT), problem: undefined })
    await parted.close()
    expect((await readFile(path)).equals(CONTENT)).toBe(true)
    expect(states.at(-1)).toEqual([[0, SIZE]])
    await expect.poll(() => out).toBe(0)
  },
)

test.each(DIRECTLY)(
  'what an earlier run wrote up to any byte stays (past the page cache: %s)',
  async writesDirectly => {
    const known = 2 * BLOCK_BYTES + 1_001
    await writeFile(join(dir, 'file'), CONTENT.subarray(0, known))
    const { parted, path } = await opened({ noted: [[0, known]], writesDirectly })
    await parted.write(newPart([known, SIZE]), NEVER)
    expect(await parted.finish()).toMatchObject({ sha256: sha256(CONTENT) })
    await parted.close()
    expect((await readFile(path)).equals(CONTENT)).toBe(true)
  },
)

test('a part whose end comes closer stops there, and another one brings the rest', async () => {
  const rest: Promise<void>[] = []
  const part = newPart([0, SIZE])
  async function* slow(from: number, to: number) {
    for (let at = from; at < to; at += 100_000) {
      yield CONTENT.subarray(at, Math.min(to, at + 100_000))
      if (from === 0 && part.at > BLOCK_BYTES && rest.length === 0)
        rest.push(parted.write(split(part), NEVER))
    }
  }
  const { parted, path } = await opened({
    writesDirectly: DIRECTLY.includes(true),
    file: { open: async ({ from, to = SIZE }) => ({ from, content: slow(from, to) }) },
  })
  await parted.write(part, NEVER)
  await Promise.all(rest)
  expect(part.to).toBeLessThan(SIZE)
  expect(await parted.finish()).toMatchObject({ sha256: sha256(CONTENT) })
  await parted.close()
  expect((await readFile(path)).equals(CONTENT)).toBe(true)
  await expect.poll(() => out).toBe(0)
})

test.each<[string, Partial<LargeFile>, string]>([
  [
    'more bytes than it was asked for',
    { open: async () => ({ from: 0, content: [CONTENT, CONTENT] }) },
    `has more than the ${SIZE} bytes of a part`,
  ],
  [
    'fewer bytes',
    { open: async () => ({ from: 0, content: [CONTENT.subarray(1)] }) },
    `ends at ${SIZE - 1} bytes`,
  ],
  ['other bytes', { open: async () => ({ from: 1, content: [] }) }, 'has no ranges'],
])('a source that sends %s has failed, and no block is lost', async (_, file, words) => {
  const { parted } = await opened({ writesDirectly: false, file })
  await expect(parted.write(newPart([0, SIZE]), NEVER)).rejects.toThrow(words)
  await parted.close()
  await expect.poll(() => out).toBe(0)
})

test('what was written before the end of the process is noted, and no block is lost', async () => {
  const stop = new AbortController()
  async function* stopped() {
    yield CONTENT.subarray(0, 3 * BLOCK_BYTES)
    stop.abort(new Error('SIGTERM'))
    yield CONTENT.subarray(3 * BLOCK_BYTES)
  }
  const { parted, states } = await opened({
    writesDirectly: DIRECTLY.includes(true),
    file: { open: async () => ({ from: 0, content: stopped() }) },
  })
  await expect(parted.write(newPart([0, SIZE]), stop.signal)).rejects.toThrow('SIGTERM')
  await parted.close()
  const [[from, to] = [], ...others] = states.at(-1) ?? []
  expect({ from, others }).toEqual({ from: 0, others: [] })
  expect(to).toBeGreaterThanOrEqual(BLOCK_BYTES)
  await expect.poll(() => out).toBe(0)
})
