import type { FileHandle } from 'node:fs/promises'
import type { Opened } from '../fetch/opened.ts'
import { type Blocks, createBlocks, type Filled, inBlocks } from './blocks.ts'
import type { Claims } from './checksums.ts'
import { openDirect, type WrittenFile, writeAt } from './direct.ts'
import { createHasher, type Hasher, type RunningHash } from './hasher.ts'

/** What the large files of a snapshot share. */
export interface Blockwise {
  readonly blocks: Blocks
  readonly hasher: Hasher
  /** Whether the volume lets files be written past the page cache. */
  readonly writesDirectly: boolean
}

/** For so many connections at a time. Takes no memory before the first large file. */
export function createBlockwise(connections: number, writesDirectly: boolean): Blockwise {
  const blocks = createBlocks(connections)
  return { blocks, hasher: createHasher(blocks), writesDirectly }
}

/** A large file that is open. */
export interface BlockwiseFile {
  readonly hash: RunningHash
  /**
   * Writes and hashes content that belongs at `from`. While one block is written, the next one is filled from
   * what the socket has just read. Once this has thrown, nothing more is written.
   */
  write(content: Opened['content'], from: number, options: BlockwiseOptions): Promise<void>
  /** Ends the hash, if it is not done. The handle stays open. */
  close(): Promise<void>
}

export interface BlockwiseOptions {
  /** Where the content ends. The end may move closer, and then we drop the rest of the content. */
  end(): number
  /** Called before bytes are written. If it throws, they are not. */
  check(at: number, bytes: number): Promise<void>
  /** Called when they are written. */
  onWritten(bytes: number): Promise<void> | void
}

/** Takes a file at `path` that is open, to write it in blocks. */
export async function openBlockwise(
  path: string,
  handle: FileHandle,
  { size, gitBlob, checksum }: Claims & { size: number },
  { blocks, hasher, writesDirectly }: Blockwise,
): Promise<BlockwiseFile> {
  const direct = writesDirectly ? await openDirect(path) : undefined
  const file: WrittenFile = { handle, direct }
  const wanted = { size, gitBlob: gitBlob !== undefined, checksum }
  const hash = hasher.start(path, { ...wanted, isDirect: writesDirectly })
  const put = async (
    { block, offset, bytes, at }: Filled,
    before: Promise<void>,
    { end, check, onWritten }: BlockwiseOptions,
  ) => {
    let hashed = Promise.resolve()
    try {
      await before
      await check(at, bytes.length)
      const mine = bytes.subarray(0, Math.max(0, end() - at))
      if (mine.length === 0) return
      hashed = hash.take({ at, offset, bytes: mine })
      await writeAt(file, mine, at)
      await onWritten(mine.length)
    } finally {
      void hashed.then(() => blocks.giveBack(block))
    }
  }
  return {
    hash,
    async write(content, from, options) {
      let writing = Promise.resolve()
      try {
        for await (const filled of inBlocks(content, from, blocks)) {
          const before = writing
          writing = put(filled, before, options)
          // Whoever waits for it hears of it.
          writing.catch(() => {})
          await before
          if (filled.at + filled.bytes.length >= options.end()) break
        }
      } finally {
        await writing.catch(() => {})
      }
      await writing
    },
    async close() {
      hash.stop()
      await direct?.close()
    },
  }
}
