import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Blocks, createBlocks, inBlocks } from './blocks.ts'
import { createHasher, type Hasher } from './hasher.ts'

let dir: string
let blocks: Blocks
let hasher: Hasher

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-hasher-'))
  blocks = createBlocks(1)
  hasher = createHasher(blocks)
})
afterEach(async () => {
  await hasher.close()
  await rm(dir, { recursive: true })
})

test('files are hashed as far as they are written, several at a time', async () => {
  const contents = Array.from({ length: 6 }, (_, index) => randomBytes(1_500_000 + index))
  const hashed = contents.map(async (content, index) => {
    const path = join(dir, String(index))
    await using file = await open(path, 'w')
    await file.truncate(content.length)
    const hash = hasher.start(path, { size: content.length, gitBlob: index % 2 === 0 })
    for (let at = 0; at < content.length; at += 400_000) {
      await file.write(content, at, Math.min(400_000, content.length - at), at)
      hash.advance(Math.min(at + 400_000, content.length))
    }
    return hash.done
  })
  const expected = contents.map((content, index) => ({
    sha256: createHash('sha256').update(content).digest('hex'),
    gitBlob:
      index % 2 === 0
        ? createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
        : undefined,
  }))
  expect(await Promise.all(hashed)).toMatchObject(expected)
})

test('a file that cannot be read says so, with the number of the error', async () => {
  const hash = hasher.start(join(dir, 'gone'), { size: 1, gitBlob: false })
  hash.advance(1)
  await expect(hash.done).rejects.toMatchObject({ errno: -2, message: expect.stringContaining('ENOENT') })
})

test('a file that is shorter than what was written of it is an error', async () => {
  const path = join(dir, 'short')
  await using file = await open(path, 'w')
  await file.write('abc')
  const hash = hasher.start(path, { size: 10, gitBlob: false })
  hash.advance(10)
  await expect(hash.done).rejects.toThrow('the file ends at 3 bytes, and 10 were written')
})

test('what comes in order is hashed from memory, and the rest from the file', async () => {
  const content = randomBytes(3_000_000)
  const path = join(dir, 'file')
  await using file = await open(path, 'w')
  const hash = hasher.start(path, { size: content.length, gitBlob: false })
  // The second third is not in the file when the first is hashed, and the first never is.
  for await (const { block, ...filled } of inBlocks([content.subarray(0, 1_000_000)], 0, blocks)) {
    await hash.take(filled)
    blocks.giveBack(block)
  }
  for await (const { block, ...filled } of inBlocks([content.subarray(2_000_000)], 2_000_000, blocks)) {
    await hash.take(filled)
    blocks.giveBack(block)
  }
  await file.write(content, 1_000_000, 2_000_000, 1_000_000)
  hash.advance(content.length)
  const sha256 = createHash('sha256').update(content).digest('hex')
  expect(await hash.done).toMatchObject({ sha256 })
})

test('a block is free again if its file cannot be read, or if nobody wants its hash', async () => {
  const hash = hasher.start(join(dir, 'gone'), { size: 10, gitBlob: false })
  hash.advance(2)
  await expect(hash.done).rejects.toThrow('ENOENT')
  await hash.take({ at: 2, offset: 0, bytes: Buffer.alloc(4) })
  hash.stop()
  await hash.take({ at: 6, offset: 0, bytes: Buffer.alloc(4) })
  await expect(hasher.close()).resolves.toBeUndefined()
})
