import { isUtf8 } from 'node:buffer'
import { pipeline, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { crc32, createInflateRaw } from 'node:zlib'
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { ArchiveFile } from './archive-file.ts'
import type { ByteReader, Kept } from './byte-reader.ts'
import { type ArchiveEntry, MAX_ENTRIES } from './entry.ts'
import { fromOffset } from './from-offset.ts'

/** A zip whose directory can be read, which stands at its end. */
export type ZipFile = ArchiveFile & { size: number }

export function isZipFile(file: ArchiveFile): file is ZipFile {
  return file.isSeekable && file.size !== undefined
}

/** What the directory says of a file. */
export interface ZipEntry {
  name: string
  /** The name as its bytes, which stand in front of the content once more. */
  rawName: Buffer
  /** Where the header of the content starts. */
  offset: number
  compressedSize: number
  size: number
  crc32: number
  isDeflated: boolean
  isLink: boolean
}

const STORED = 0
const DEFLATED = 8

/**
 * The files of a zip by its directory, in the order of their contents.
 *
 * @throws Error if the zip is not one, or HydrationError ArchiveInvalid for what we cannot unpack.
 */
export async function zipDirectory(file: ZipFile): Promise<ZipEntry[]> {
  const options = { strictFileNames: true, validateEntrySizes: true, autoClose: false }
  const zip = await fromRandomAccessReaderPromise(readerOf(file), file.size, options)
  if (zip.entryCount > MAX_ENTRIES) throw invalid(`it has more than ${MAX_ENTRIES} entries`)
  const found: ZipEntry[] = []
  for await (const entry of zip.eachEntry()) {
    const name = nameOf(entry)
    if (name.endsWith('/')) continue
    if (entry.isEncrypted()) throw invalid(`entry ${quote(name)} is encrypted`)
    const { compressionMethod } = entry
    if (compressionMethod !== STORED && compressionMethod !== DEFLATED)
      throw invalid(`entry ${quote(name)} has compression method ${compressionMethod}; use deflate`)
    found.push({
      name,
      rawName: Buffer.from(entry.fileNameRaw),
      offset: entry.relativeOffsetOfLocalHeader,
      compressedSize: entry.compressedSize,
      size: entry.uncompressedSize,
      crc32: entry.crc32,
      isDeflated: compressionMethod === DEFLATED,
      isLink: isLink(entry),
    })
  }
  return found.sort((one, other) => one.offset - other.offset)
}

/** Bytes of a request. The directory is read in small pieces. */
const BLOCK_BYTES = 256 * 1024

/** Reads from the file in blocks, and keeps the last one. */
function readerOf(file: ZipFile): RandomAccessReader {
  let block: { from: number; content: Buffer } = { from: 0, content: Buffer.alloc(0) }
  const load = async (at: number) => {
    // The end of the file is asked for first, and what comes before it next.
    const from = Math.max(0, Math.min(at, file.size - BLOCK_BYTES))
    block = { from, content: await file.read(from, Math.min(from + BLOCK_BYTES, file.size)) }
  }
  const fill = async (target: Buffer, position: number) => {
    for (let filled = 0; filled < target.length; ) {
      const at = position + filled
      if (at < block.from || at >= block.from + block.content.length) await load(at)
      const bytes = block.content.copy(target, filled, at - block.from)
      if (bytes === 0) throw new Error('it is cut off')
      filled += bytes
    }
  }
  class BlockReader extends RandomAccessReader {
    override read(...[target, offset, length, position, callback]: Parameters<RandomAccessReader['read']>) {
      fill(target.subarray(offset, offset + length), position).then(() => callback(null), callback)
    }
  }
  return new BlockReader()
}

/** Bytes of a header before its name, and its signature (APPNOTE.TXT section 4.3.7). */
const HEADER_BYTES = 30
const SIGNATURE = 0x04034b50
/** A link leads to a path. */
const MAX_LINK = 4_096

/**
 * The entries of a zip, as a reader of the whole comes to them.
 *
 * @throws Error if a content is not what the directory says: its name, size or checksum.
 */
export async function* readZip(
  directory: readonly ZipEntry[],
  reader: ByteReader,
): AsyncGenerator<ArchiveEntry> {
  for (const entry of directory) {
    if (entry.offset < reader.position) throw new Error('two of its entries overlap')
    await reader.skip(entry.offset - reader.position)
    await readLocalHeader(entry, reader)
    const end = reader.position + entry.compressedSize
    const content = contentOf(entry, reader)
    if (entry.isLink) yield await linkOf(entry, content)
    else yield { name: entry.name, type: 'file', linkname: '', ...content }
    await reader.skip(end - reader.position)
  }
  await reader.drain()
}

async function readLocalHeader({ name, rawName }: ZipEntry, reader: ByteReader): Promise<void> {
  const header = await reader.take(HEADER_BYTES)
  if (header === undefined || header.readUInt32LE(0) !== SIGNATURE)
    throw new Error(`entry ${quote(name)} has no header in front of its content`)
  const rest = await reader.take(header.readUInt16LE(26) + header.readUInt16LE(28))
  // A name has no checksum, but it is there twice.
  if (rest === undefined || !rest.subarray(0, header.readUInt16LE(26)).equals(rawName))
    throw new Error(`entry ${quote(name)} has another name in front of its content`)
}

type Content = Pick<ArchiveEntry, 'size' | 'open' | 'leave'>

function contentOf(entry: ZipEntry, reader: ByteReader): Content {
  const { size, compressedSize, isDeflated } = entry
  if (!isDeflated) {
    async function* open(from = 0, kept?: Kept) {
      const before = kept?.(0, from)
      await reader.skip(from, kept)
      yield* checked(reader.stream(compressedSize - from), entry, before)
    }
    return { size, open, leave: kept => reader.skip(compressedSize, kept) }
  }
  const open = (from = 0) => {
    const packed = Readable.from(reader.stream(compressedSize))
    const content = pipeline(packed, createInflateRaw(), () => {})
    return fromOffset(checked(content, entry), from)
  }
  // What is kept is not what the archive has.
  const leave = () => reader.skip(compressedSize, reader.isWatched ? undefined : NOTHING)
  return { size, open, leave }
}

const NOTHING: Kept = async function* () {}

async function linkOf({ name, size }: ZipEntry, { open, leave }: Content): Promise<ArchiveEntry> {
  if (size > MAX_LINK) throw invalid(`entry ${quote(name)} is a link to a path that is too long`)
  const linkname = (await buffer(open())).toString('utf8')
  return { name, type: 'symlink', linkname, size: 0, open, leave }
}

/**
 * The same bytes. At their end, all of them must have the size and the checksum of the entry. `before` are
 * those that came in front of them.
 */
async function* checked(
  content: AsyncIterable<Uint8Array>,
  { name, size, crc32: expected }: ZipEntry,
  before?: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let sum = 0
  let bytes = 0
  const add = (chunk: Uint8Array) => {
    sum = crc32(chunk, sum)
    bytes += chunk.length
    if (bytes > size) throw new Error(`entry ${quote(name)} is larger than the ${size} bytes it says`)
  }
  if (before !== undefined) for await (const chunk of before) add(chunk)
  for await (const chunk of content) {
    add(chunk)
    yield chunk
  }
  if (bytes !== size) throw new Error(`entry ${quote(name)} has ${bytes} bytes, not the ${size} it says`)
  if (sum !== expected) throw new Error(`entry ${quote(name)} has a wrong checksum (CRC-32)`)
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

function invalid(message: string): HydrationError {
  return new HydrationError('ArchiveInvalid', `the archive is rejected: ${message}`)
}
