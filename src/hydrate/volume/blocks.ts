import { createReturns } from '../fetch/read-buffers.ts'
import { alignedMemory } from './aligned-memory.ts'
import { PAGE_BYTES } from './direct.ts'

/** Bytes of a block with up to 16 connections. A write of this size costs a disk about as little as any. */
export const BLOCK_BYTES = 512 * 1024
/** All blocks together take no more. With more connections, they are smaller. */
const MAX_BYTES = 16 * 1024 * 1024
/** Blocks that wait for the hash, beside one for each connection. */
const WAITING = 16

/** A piece of memory that begins at a page. */
export interface Block {
  readonly bytes: Buffer
  /** Where it begins in the memory of all blocks. */
  readonly offset: number
}

/** Bytes of a file that are in a block. */
export interface Filled {
  block: Block
  /** Where they begin in the memory of all blocks. */
  offset: number
  bytes: Buffer
  /** Where they belong in the file. */
  at: number
}

/** A bounded number of blocks, which connections and the thread of the hash share. */
export interface Blocks {
  /** Has all blocks. */
  readonly memory: SharedArrayBuffer
  /** Resolves with a block once one is free. */
  take(): Promise<Block>
  giveBack(block: Block): void
}

/** Makes enough blocks for so many connections. They take no memory before they are used. */
export function createBlocks(connections: number): Blocks {
  const count = connections + WAITING
  let size = BLOCK_BYTES
  while (count * size > MAX_BYTES) size /= 2
  const memory = alignedMemory(count * size)
  const free = Array.from({ length: count }, (_, index): Block => {
    const offset = index * size
    return { offset, bytes: Buffer.from(memory, offset, size) }
  })
  const waiting: ((block: Block) => void)[] = []
  return {
    memory,
    async take() {
      // The one that was used last is the most likely to be in a cache of the CPU.
      return free.pop() ?? new Promise(resolve => waiting.push(resolve))
    },
    giveBack(block) {
      const next = waiting.shift()
      if (next === undefined) free.push(block)
      else next(block)
    },
  }
}

/**
 * Collects the bytes of a file from `from` on in blocks. The caller gives each block back. Pages of a block
 * line up with pages of the file.
 */
export async function* inBlocks(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  from: number,
  blocks: Pick<Blocks, 'take' | 'giveBack'>,
): AsyncGenerator<Filled> {
  const doneWith = createReturns()
  let block: Block | undefined
  let at = from
  let start = 0
  let end = 0
  const filled = (of: Block): Filled => {
    const bytes = of.bytes.subarray(start, end)
    block = undefined
    return { block: of, offset: of.offset + start, bytes, at: at - bytes.length }
  }
  try {
    for await (const chunk of content) {
      for (let copied = 0; copied < chunk.length; ) {
        if (block === undefined) {
          block = await blocks.take()
          start = at % PAGE_BYTES
          end = start
        }
        const length = Math.min(chunk.length - copied, block.bytes.length - end)
        // Not `set`: V8 copies bytes into shared memory one by one if they are not aligned alike.
        block.bytes.fill(chunk.subarray(copied, copied + length), end, end + length)
        copied += length
        end += length
        at += length
        if (end === block.bytes.length) yield filled(block)
      }
      doneWith(chunk)
    }
    if (block !== undefined) yield filled(block)
  } finally {
    if (block !== undefined) blocks.giveBack(block)
  }
}
