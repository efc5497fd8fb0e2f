import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { openAt, type ReadAhead, readAhead } from '../fetch/read-ahead.ts'
import type { SourceFile } from '../sources/source.ts'

/** The bytes of an archive, at its source or on disk. */
export interface ArchiveFile {
  /** Undefined if the source does not tell. */
  readonly size: number | undefined
  /** Whether reading can start anywhere. */
  readonly isSeekable: boolean
  /** The bytes from an offset to the end. Whoever stops reading ends the work behind it. */
  from(offset: number): AsyncIterable<Uint8Array>
  /** A few bytes out of the middle. Only if it is seekable. */
  read(from: number, to: number): Promise<Buffer>
}

/** An archive that stays at its source, and is read as it comes. */
export function archiveAtSource(
  file: SourceFile,
  { connections, fresh, signal }: Omit<ReadAhead, 'from'>,
): ArchiveFile {
  return {
    size: file.size,
    isSeekable: file.hasRanges === true && file.size !== undefined,
    from: offset => readAhead(file, { from: offset, connections, fresh, signal }),
    async read(from, to) {
      const { content } = await openAt(file, { from, to, fresh }, signal)
      return Buffer.concat(await Array.fromAsync(content))
    },
  }
}

/** An archive that was fetched before. */
export async function archiveOnDisk(path: string): Promise<ArchiveFile> {
  const { size } = await stat(path)
  return {
    size,
    isSeekable: true,
    from: offset => createReadStream(path, { start: offset, highWaterMark: 1024 * 1024 }),
    read: (from, to) => buffer(createReadStream(path, { start: from, end: to - 1 })),
  }
}
