import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { posix } from 'node:path'
import { crc32 } from 'node:zlib'
import { type Entry, openPromise } from 'yauzl'
import { fileNameProblem } from '../../api/schema/file-name.ts'
import { errorMessage, quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { SourceFile } from '../sources/source.ts'
import { type Compression, decompressed, type KnownFormat } from './format.ts'
import { isMacMetadata, peek } from './mac-metadata.ts'
import { readTar, type TarEntry } from './tar.ts'

/** More files than any model has. Each costs a line of the manifest. */
const MAX_ENTRIES = 100_000

/** Takes a file of an archive, and reads all of its content or nothing. */
type Take = (path: string, size: number, content: AsyncIterable<Uint8Array>) => Promise<void>

/**
 * Unpacks an archive on disk file by file, and gives each file to `put`, which resolves when the file is
 * written or is not needed. Nothing in the archive is trusted: names stay within the tree, links and devices
 * are rejected, and so is an archive that is cut off, damaged or empty. `identity` is that of the archive.
 */
export async function unpack(
  path: string,
  format: KnownFormat,
  identity: string,
  put: (file: SourceFile) => Promise<void>,
): Promise<void> {
  let count = 0
  const take: Take = async (name, size, given) => {
    if (name.startsWith('__MACOSX/')) return drop(given)
    const { start, content } = posix.basename(name).startsWith('._')
      ? await peek(given)
      : { start: NOTHING, content: given }
    if (isMacMetadata(name, start)) return drop(content)
    count += 1
    // An archive may have a name twice. Both are files of their own, and the last one stays.
    await put(aFile(name, size, `${identity} ${count}`, content))
  }
  try {
    if (format.kind === 'zip') await unpackZip(path, take)
    else await unpackTar(path, format.compression, take)
    if (count === 0) throw invalid('it has no files')
  } catch (error) {
    if (error instanceof HydrationError || isOfVolume(error)) throw error
    const words = errorMessage(error)
    throw new HydrationError('ArchiveInvalid', `the archive cannot be unpacked: ${words}`, { cause: error })
  }
}

const NOTHING = new Uint8Array()

async function drop(content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of content);
}

/** An error of the disk is not an error of the archive. */
function isOfVolume(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

async function unpackTar(path: string, compression: Compression | undefined, take: Take): Promise<void> {
  const file = createReadStream(path)
  const source = compression === undefined ? file : decompressed(file, compression)
  let count = 0
  for await (const { name, type, linkname, size, content } of readTar(source)) {
    if (++count > MAX_ENTRIES) throw invalid(`it has more than ${MAX_ENTRIES} entries`)
    if (type === 'folder') continue
    if (type !== 'file') throw invalid(nonFile(name, type, linkname))
    await take(plain(name), size, content)
  }
}

function nonFile(name: string, type: TarEntry['type'], linkname: string): string {
  if (type === 'symlink' || type === 'link')
    return `entry ${quote(name)} is a link to ${quote(linkname)}; put the file itself in the archive (tar --dereference --hard-dereference)`
  return `entry ${quote(name)} is a ${type}, which a snapshot cannot contain`
}

async function unpackZip(path: string, take: Take): Promise<void> {
  const zip = await openPromise(path, { strictFileNames: true, validateEntrySizes: true })
  try {
    if (zip.entryCount > MAX_ENTRIES) throw invalid(`it has more than ${MAX_ENTRIES} entries`)
    for await (const entry of zip.eachEntry()) {
      const fileName = nameOf(entry)
      if (fileName.endsWith('/')) continue
      if (isLink(entry))
        throw invalid(`entry ${quote(fileName)} is a link; put the file itself in the archive`)
      if (entry.isEncrypted()) throw invalid(`entry ${quote(fileName)} is encrypted`)
      const header = await zip.readLocalFileHeaderPromise(entry)
      // A name has no checksum, but it is there twice.
      if (!header.fileName.equals(entry.fileNameRaw))
        throw invalid(`entry ${quote(fileName)} has another name in front of its content`)
      const stream = await zip.openReadStreamPromise(entry)
      await take(plain(fileName), entry.uncompressedSize, checked(stream, entry))
      stream.destroy()
    }
  } finally {
    zip.close()
  }
}

/**
 * The same bytes. At their end they must have the checksum of the entry, which the library does not check.
 */
async function* checked(content: AsyncIterable<Uint8Array>, entry: Entry): AsyncGenerator<Uint8Array> {
  let sum = 0
  for await (const chunk of content) {
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (sum !== entry.crc32) throw invalid(`entry ${quote(entry.fileName)} has a wrong checksum (CRC-32)`)
}

const IS_UTF8 = 0x800
const UNICODE_PATH = 0x7075

/**
 * The name as unzip has it on Unix: where the zip does not say so, names are UTF-8 all the same, if they can
 * be.
 */
function nameOf({ fileName, fileNameRaw, generalPurposeBitFlag, extraFields }: Entry): string {
  const isSaid = (generalPurposeBitFlag & IS_UTF8) !== 0 || extraFields.some(({ id }) => id === UNICODE_PATH)
  return !isSaid && isUtf8(fileNameRaw) ? fileNameRaw.toString('utf8') : fileName
}

/** The upper half of the attributes is the mode of a Unix file. */
function isLink({ externalFileAttributes }: Entry): boolean {
  return ((externalFileAttributes >>> 16) & 0o170000) === 0o120000
}

function aFile(path: string, size: number, identity: string, content: AsyncIterable<Uint8Array>): SourceFile {
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
