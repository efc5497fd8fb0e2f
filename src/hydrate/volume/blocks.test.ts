import { randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { chunks } from '../fixtures.ts'
import { BLOCK_BYTES, type Block, createBlocks, inBlocks } from './blocks.ts'
import { PAGE_BYTES } from './direct.ts'

/** All blocks that nobody has. */
async function freeOf(blocks: ReturnType<typeof createBlocks>): Promise<Block[]> {
  const free: Block[] = []
  const takeAll = async (): Promise<void> => {
    free.push(await blocks.take())
    return takeAll()
  }
  void takeAll()
  await turn()
  return free
}

test.each([
  ['from the start', 0],
  ['from the start of a page', 5 * PAGE_BYTES],
  ['from the middle of a page', 3 * PAGE_BYTES + 17],
])('bytes %s come in blocks, each as far from a page as in the file', async (_, from) => {
  const content = randomBytes(3 * BLOCK_BYTES + 1_234)
  const blocks = createBlocks(1)
  const found: Buffer[] = []
  let at = from
  for await (const filled of inBlocks(chunks(content, 100_003), from, blocks)) {
    expect(filled.at).toBe(at)
    expect(filled.offset % PAGE_BYTES).toBe(at % PAGE_BYTES)
    expect(Buffer.from(blocks.memory, filled.offset, filled.bytes.length).equals(filled.bytes)).toBe(true)
    at += filled.bytes.length
    found.push(Buffer.from(filled.bytes))
    blocks.giveBack(filled.block)
  }
  expect(Buffer.concat(found).equals(content)).toBe(true)
  expect(found.length).toBe(4)
})

test('nothing comes in no block', async () => {
  const blocks = createBlocks(1)
  for await (const _ of inBlocks([], 0, blocks)) expect.unreachable()
  expect(await freeOf(blocks)).toHaveLength(17)
})

test('a block that is not full is free again if its reader stops, or if its source fails', async () => {
  const blocks = createBlocks(1)
  const all = inBlocks(chunks(Buffer.alloc(2 * BLOCK_BYTES)), 0, blocks)
  for await (const { block } of all) {
    blocks.giveBack(block)
    break
  }
  async function* failing() {
    yield Buffer.alloc(10)
    throw new Error('broken')
  }
  await expect(inBlocks(failing(), 0, blocks).next()).rejects.toThrow('broken')
  expect(await freeOf(blocks)).toHaveLength(17)
})

test('whoever needs a block waits for one', async () => {
  const blocks = createBlocks(1)
  const taken = await freeOf(blocks)
  const [first, second] = taken
  if (first === undefined || second === undefined) throw new Error('there are no blocks')
  // One more is waited for already.
  blocks.giveBack(first)
  const next = blocks.take()
  blocks.giveBack(second)
  expect(await next).toBe(second)
})

test.each([1, 16, 17, 48, 64])(
  '%d connections have their blocks in 16 MiB, and each begins at a page',
  async connections => {
    const blocks = createBlocks(connections)
    expect(blocks.memory.byteLength).toBeLessThanOrEqual(16 * 2 ** 20)
    const free = await freeOf(blocks)
    expect(free).toHaveLength(connections + 16)
    for (const { offset, bytes } of free)
      expect([offset % PAGE_BYTES, bytes.length % PAGE_BYTES]).toEqual([0, 0])
  },
)
