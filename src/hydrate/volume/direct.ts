import { constants } from 'node:fs'
import { type FileHandle, open, statfs } from 'node:fs/promises'
import { type Batch, writeBatch } from './batches.ts'

/** Direct I/O reads and writes whole pages, on any disk. Its memory must begin at a page, too. */
export const PAGE_BYTES = 4096

/**
 * Local file systems whose direct I/O we know to be as safe as any other write, by their number in statfs(2):
 * ext4 and XFS. On a network file system, each write would wait for the server.
 */
const FILE_SYSTEMS = [0xef53, 0x58465342]

/** The flags that open a file for direct I/O, see open(2). */
export const DIRECT = {
  read: constants.O_RDONLY | constants.O_DIRECT,
  write: constants.O_WRONLY | constants.O_DIRECT,
}

/** Whether direct I/O is worth trying in a folder. */
export async function mayWriteDirectly(folder: string): Promise<boolean> {
  // macOS and Windows have no such flag.
  if (constants.O_DIRECT === undefined) return false
  const { type } = await statfs(folder)
  return FILE_SYSTEMS.includes(type)
}

/** A file that is written, through the page cache or, if possible, past it. */
export interface WrittenFile {
  handle: FileHandle
  /** The same file, opened for direct I/O. */
  direct: FileHandle | undefined
}

/** Opens a file a second time for direct I/O. */
export function openDirect(path: string): Promise<FileHandle> {
  return open(path, DIRECT.write)
}

/**
 * Writes bytes at an offset of the file. Direct I/O takes only whole pages, and the rest goes through the
 * page cache. With a direct handle, `bytes` must start as far into a page of memory as `at` does into a page
 * of the file.
 */
export async function writeAt({ handle, direct }: WrittenFile, bytes: Buffer, at: number): Promise<void> {
  if (direct === undefined) return writeBatch(handle, batchOf(bytes), at)
  const end = at + bytes.length
  const first = Math.min(end, Math.ceil(at / PAGE_BYTES) * PAGE_BYTES)
  const last = Math.max(first, Math.floor(end / PAGE_BYTES) * PAGE_BYTES)
  await writeBatch(handle, batchOf(bytes.subarray(0, first - at)), at)
  await writeBatch(direct, batchOf(bytes.subarray(first - at, last - at)), first)
  await writeBatch(handle, batchOf(bytes.subarray(last - at)), last)
}

function batchOf(bytes: Buffer): Batch {
  return { chunks: [bytes], bytes: bytes.length }
}
