import { constants } from 'node:fs'
import { type FileHandle, open, statfs } from 'node:fs/promises'

/** What direct I/O reads and writes at a time, on any disk. Its memory begins at a page, too. */
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
 * Writes bytes at an offset of the file. Direct I/O takes whole pages, so the page cache takes what is before
 * the first of them and after the last. With a direct handle, `bytes` must be as far from a page as `at` is.
 */
export async function writeAt({ handle, direct }: WrittenFile, bytes: Buffer, at: number): Promise<void> {
  if (direct === undefined) return writeWhole(handle, bytes, at)
  const end = at + bytes.length
  const first = Math.min(end, Math.ceil(at / PAGE_BYTES) * PAGE_BYTES)
  const last = Math.max(first, Math.floor(end / PAGE_BYTES) * PAGE_BYTES)
  if (at < first) await writeWhole(handle, bytes.subarray(0, first - at), at)
  if (first < last) await writeWhole(direct, bytes.subarray(first - at, last - at), first)
  if (last < end) await writeWhole(handle, bytes.subarray(last - at), last)
}

/** Writes all bytes, however often the operating system takes only a part of them. */
async function writeWhole(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, at + written)
    written += bytesWritten
  }
}
