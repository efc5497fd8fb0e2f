import type { FileHandle } from 'node:fs/promises'
import { LARGE_BYTES, type Opened } from '../fetch/opened.ts'
import { batches, writeBatch } from './batches.ts'
import { type Blockwise, type BlockwiseOptions, openBlockwise } from './blockwise.ts'
import { type Claims, type FileHashes, startChecksums } from './checksums.ts'

/** Writes the bytes of a file in order, and hashes them. */
export interface FileOutput extends AsyncDisposable {
  /** Hashes the first bytes of the file, which an earlier run has written. */
  rehash(bytes: number): Promise<void>
  write(
    content: Opened['content'],
    from: number,
    options: Pick<BlockwiseOptions, 'check' | 'onWritten'>,
  ): Promise<void>
  /** Ends the hashes, when as many bytes are there as the source claims. */
  digest(): Promise<FileHashes>
}

/** Takes a file at `path` that is open. A large one is hashed on another thread. */
export function openOutput(
  path: string,
  handle: FileHandle,
  claims: Claims,
  blockwise: Blockwise,
): Promise<FileOutput> {
  const { size } = claims
  return size !== undefined && size > LARGE_BYTES
    ? largeOutput(path, handle, { ...claims, size }, blockwise)
    : smallOutput(handle, claims)
}

async function largeOutput(
  path: string,
  handle: FileHandle,
  claims: Claims & { size: number },
  blockwise: Blockwise,
): Promise<FileOutput> {
  const { hash, write, close } = await openBlockwise(path, handle, claims, blockwise)
  return {
    rehash: async bytes => hash.advance(bytes),
    write: (content, from, options) =>
      write(content, from, { ...options, end: () => Number.POSITIVE_INFINITY }),
    digest: () => hash.done,
    [Symbol.asyncDispose]: close,
  }
}

async function smallOutput(handle: FileHandle, claims: Claims): Promise<FileOutput> {
  const hashes = await startChecksums(claims)
  return {
    async rehash(bytes) {
      if (bytes === 0) return
      for await (const chunk of handle.createReadStream({ start: 0, end: bytes - 1, autoClose: false }))
        hashes.update(chunk)
    },
    async write(content, from, { check, onWritten }) {
      let at = from
      for await (const batch of batches(content)) {
        await check(at, batch.bytes)
        await writeBatch(handle, batch, at)
        for (const chunk of batch.chunks) hashes.update(chunk)
        at += batch.bytes
        await onWritten(batch.bytes)
      }
    },
    digest: async () => hashes.digest(),
    async [Symbol.asyncDispose]() {},
  }
}
