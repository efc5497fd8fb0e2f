import type { FileHandle } from 'node:fs/promises'
import type { Opened } from '../fetch/opened.ts'
import { createReturns } from '../fetch/read-buffers.ts'

/** Chunks that are written together, and their bytes. */
export interface Batch {
  chunks: Uint8Array[]
  bytes: number
}

/** A write of this size costs a file system about as little per byte as any. */
const BATCH_BYTES = 256 * 1024

/**
 * Yields the same bytes in fewer pieces, because each write is a call to the operating system on another
 * thread. A batch is valid until you ask for the next one.
 */
export async function* batches(content: Opened['content']): AsyncGenerator<Batch> {
  const giveBack = createReturns()
  let batch: Batch = { chunks: [], bytes: 0 }
  for await (const chunk of content) {
    batch.chunks.push(chunk)
    batch.bytes += chunk.length
    if (batch.bytes < BATCH_BYTES) continue
    yield batch
    batch.chunks.forEach(giveBack)
    batch = { chunks: [], bytes: 0 }
  }
  if (batch.bytes > 0) yield batch
}

/** Writes a whole batch at an offset, however often the operating system takes only a part of it. */
export async function writeBatch(handle: FileHandle, { chunks, bytes }: Batch, at: number): Promise<void> {
  let rest = chunks
  for (let written = 0; written < bytes; ) {
    const { bytesWritten } = await handle.writev(rest, at + written)
    written += bytesWritten
    if (written < bytes) rest = after(rest, bytesWritten)
  }
}

function after(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes
  return chunks.flatMap(chunk => {
    const skipped = Math.min(skip, chunk.length)
    skip -= skipped
    return skipped === chunk.length ? [] : [chunk.subarray(skipped)]
  })
}
