import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract, type Header } from 'tar-stream'
import { type Entry, openPromise } from 'yauzl'
import { fileNameProblem } from '../../api/schema/file-name.ts'
import { errorMessage, quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { Listing, SourceFile } from '../sources/source.ts'

/** More files than any model has. Each costs a line of the manifest. */
const MAX_ENTRIES = 100_000

/** Takes a file of the archive. Resolves when it is written, or is not needed. */
export type Take = (file: SourceFile) => Promise<void>

/**
 * Unpacks an archive on disk file by file, and gives each file to `take`. Nothing in the archive is trusted:
 * names stay within the tree, and links and devices are rejected. `identity` is that of the archive.
 */
export async function unpack(
  path: string,
  format: NonNullable<Listing['archive']>,
  identity: string,
  take: Take,
): Promise<void> {
  try {
    if (format === 'zip') await unpackZip(path, identity, take)
    else await unpackTar(path, format === 'tar.gz', identity, take)
  } catch (error) {
    if (error instanceof HydrationError || isOfVolume(error)) throw error
    const words = errorMessage(error)
    throw new HydrationError('ArchiveInvalid', `the archive cannot be unpacked: ${words}`, { cause: error })
  }
}

/** An error of the disk is not an error of the archive. */
function isOfVolume(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

async function unpackTar(path: string, isCompressed: boolean, identity: string, take: Take): Promise<void> {
  const entries = extract()
  const read = isCompressed
    ? pipeline(createReadStream(path), createGunzip(), entries)
    : pipeline(createReadStream(path), entries)
  // The reader of the entries gets the error too.
  read.catch(() => {})
  let count = 0
  for await (const entry of entries) {
    if (++count > MAX_ENTRIES) throw invalid(`it has more than ${MAX_ENTRIES} entries`)
    const { header } = entry
    if (isFile(header))
      await take(aFile(plain(header.name), header.size, identity, entry as AsyncIterable<Uint8Array>))
    else if (header.type !== 'directory') throw invalid(nonFile(header))
    entry.resume()
  }
  await read
}

function isFile({ type }: Header): boolean {
  return type === 'file' || type === 'contiguous-file'
}

function nonFile({ name, type, linkname }: Header): string {
  if (type === 'symlink' || type === 'link')
    return `entry ${quote(name)} is a link to ${quote(linkname ?? '')}; put the file itself in the archive (tar --dereference --hard-dereference)`
  return `entry ${quote(name)} is a ${type}, which a snapshot cannot contain`
}

async function unpackZip(path: string, identity: string, take: Take): Promise<void> {
  const zip = await openPromise(path, { strictFileNames: true, validateEntrySizes: true })
  try {
    if (zip.entryCount > MAX_ENTRIES) throw invalid(`it has more than ${MAX_ENTRIES} entries`)
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue
      if (isLink(entry))
        throw invalid(`entry ${quote(entry.fileName)} is a link; put the file itself in the archive`)
      if (entry.isEncrypted()) throw invalid(`entry ${quote(entry.fileName)} is encrypted`)
      const content = await zip.openReadStreamPromise(entry)
      await take(aFile(plain(entry.fileName), entry.uncompressedSize, identity, content))
      content.destroy()
    }
  } finally {
    zip.close()
  }
}

/** The upper half of the attributes is the mode of a Unix file. */
function isLink({ externalFileAttributes }: Entry): boolean {
  return ((externalFileAttributes >>> 16) & 0o170000) === 0o120000
}

function aFile(
  path: string,
  size: number,
  identity: string,
  content: Readable | AsyncIterable<Uint8Array>,
): SourceFile {
  const problem = fileNameProblem(path)
  if (problem !== undefined)
    throw new HydrationError('FileNameInvalid', `the archive has ${quote(path)}, ${problem}`, {
      file: path.slice(0, 1024),
    })
  return {
    path,
    size,
    identity,
    open: async () => ({ from: 0, content }),
  }
}

/** Many archives start each name with `./`. */
function plain(name: string): string {
  return name.replace(/^(\.\/)+/, '').replace(/\/+$/, '')
}

function invalid(message: string): HydrationError {
  return new HydrationError('ArchiveInvalid', `the archive is rejected: ${message}`)
}
