import { pipeline, Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { Compression, Listing } from '../sources/source.ts'
import type { ArchiveFile } from './archive-file.ts'
import { judged } from './damage.ts'
import { BLOCK, isHeader } from './tar-header.ts'
import { isZipFile, zipDirectory } from './zip.ts'

/** The format of an archive that we can unpack, or the name of one that we cannot. */
export type ArchiveFormat =
  | { readonly kind: 'zip' }
  | { readonly kind: 'tar'; readonly compression?: Compression }
  | { readonly kind: 'unsupported'; readonly name: string }

const SUFFIX = /\.(tar(\.\w+)?|t(gz|zst|xz|bz2?|lz)|zip|7z|rar)$/i

const ZIP = [0x50, 0x4b]
const ZIP_RECORDS: readonly (readonly number[])[] = [
  [3, 4],
  [5, 6],
  [7, 8],
]
const UNSUPPORTED: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lzip', [0x4c, 0x5a, 0x49, 0x50]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', [0x52, 0x61, 0x72, 0x21]],
]

/** The formats that we can unpack. */
export type KnownFormat = Exclude<ArchiveFormat, { kind: 'unsupported' }>

/**
 * The format of the archive in a listing; undefined for files that are staged as they are.
 *
 * @throws HydrationError ArchiveInvalid for an archive that this version cannot unpack, or that is of another
 * kind than its author says.
 */
export async function archiveIn({ files, archive }: Listing): Promise<KnownFormat | undefined> {
  const [only] = files
  if (only === undefined || archive === undefined) return undefined
  const { start, kind } = archive
  if (kind === undefined && !mayBeArchive(only.path)) return undefined
  const format =
    kind === undefined ? await archiveFormat(only.path, await start()) : await formatOf(await start())
  if (format?.kind === 'unsupported') throw unsupported(only.path, describe(format))
  if (kind !== undefined && format?.kind !== kind)
    throw unsupported(only.path, `is no ${kind} archive; correct http.archive, or`)
  return format
}

function unsupported(path: string, found: string): HydrationError {
  const message = `${quote(path)} ${found} use tar, tar.gz, tar.zst or zip`
  return new HydrationError('ArchiveInvalid', message, { file: path })
}

function describe({ name }: { name: string }): string {
  return name === 'unknown' ? 'is not an archive of a known format;' : `is an archive of format ${name};`
}

/**
 * Whether a name has the suffix of an archive, or none: files of PyTorch, for example, are zips and stay
 * whole.
 */
function mayBeArchive(name: string): boolean {
  return SUFFIX.test(name) || !name.includes('.')
}

/**
 * The format of a file, by its name and its first bytes; undefined for a file that is staged as it is. The
 * bytes decide, because names lie.
 */
export async function archiveFormat(name: string, start: Buffer): Promise<ArchiveFormat | undefined> {
  if (!mayBeArchive(name)) return undefined
  const found = await formatOf(start)
  return found ?? (SUFFIX.test(name) ? { kind: 'unsupported', name: 'unknown' } : undefined)
}

async function formatOf(start: Buffer): Promise<ArchiveFormat | undefined> {
  if (begins(start, ZIP) && ZIP_RECORDS.some(record => begins(start.subarray(ZIP.length), record)))
    return { kind: 'zip' }
  if (isHeader(start)) return { kind: 'tar' }
  const compression = compressionOf(start)
  if (compression !== undefined)
    return isHeader(await startOf(start, compression)) ? { kind: 'tar', compression } : undefined
  const other = UNSUPPORTED.find(([, magic]) => begins(start, magic))
  return other && { kind: 'unsupported', name: other[0] }
}

/**
 * Bytes of the files of an archive; undefined if nobody knows before it is unpacked.
 *
 * @throws HydrationError ArchiveInvalid for a zip whose directory makes no sense.
 */
export async function unpackedBytes(archive: ArchiveFile, format: KnownFormat): Promise<number | undefined> {
  if (format.kind === 'tar') return format.compression === undefined ? archive.size : undefined
  if (!isZipFile(archive)) return undefined
  try {
    return (await zipDirectory(archive)).reduce((sum, { size }) => sum + size, 0)
  } catch (error) {
    throw judged(error)
  }
}

function compressionOf(start: Buffer): Compression | undefined {
  if (begins(start, [0x1f, 0x8b])) return 'gzip'
  return begins(start, [0x28, 0xb5, 0x2f, 0xfd]) ? 'zstd' : undefined
}

/** The first bytes of the content. The rest of it is missing, which is no error here. */
async function startOf(start: Buffer, compression: Compression): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of decompressed(Readable.from([start]), compression)) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= BLOCK) break
    }
  } catch {
    // Whatever came until then counts.
  }
  return Buffer.concat(chunks)
}

/** The content of a compressed stream. An error on either side ends both. */
export function decompressed(source: Readable, compression: Compression): Readable {
  const target = compression === 'gzip' ? createGunzip() : createZstdDecompress()
  return pipeline(source, target, () => {})
}

function begins(bytes: Buffer, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, index) => bytes[index] === byte)
}
