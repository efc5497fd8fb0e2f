import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { fileNameProblem } from '../../api/schema/file-name.ts'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import type { SourceFile } from '../sources/source.ts'
import type { ArchiveFile } from './archive-file.ts'
import { type Background, createBackground } from './background.ts'
import { createByteReader, type Kept, type Watcher } from './byte-reader.ts'
import { DamagedArchive, judged } from './damage.ts'
import { type ArchiveEntry, MAX_ENTRIES } from './entry.ts'
import { type Compression, decompressed, type KnownFormat } from './format.ts'
import { linkInvalid, resolveLinks } from './links.ts'
import { isMacMetadata, peek } from './mac-metadata.ts'
import { readTar } from './tar.ts'
import { isZipFile, readZip, zipDirectory } from './zip.ts'

/** A file up to this size is read into memory, so that it is written while the next ones are read. */
const SMALL_BYTES = 1024 * 1024
/** How many of them at a time. */
const SIDE_BY_SIDE = 16

export interface Unpacking {
  archive: ArchiveFile
  format: KnownFormat
  /** The identity of the archive. */
  identity: string
  /** The hash that the archive must have. */
  sha256?: string | undefined
  /** Resolves when the file is written or is not needed. */
  put(file: SourceFile): Promise<void>
  /** What a file holds that was put. */
  contentOf(path: string, from: number, to?: number): AsyncIterable<Uint8Array>
  /** Called with how many bytes of the archive were read. */
  onBytes?: (bytes: number) => void
}

/**
 * Unpacks an archive file by file as it comes, and gives each file to `put`. Nothing in the archive is
 * trusted: names and links stay within the tree, devices are rejected, and so is an archive that is cut off,
 * damaged or empty.
 *
 * @throws HydrationError, which is a DamagedArchive if another copy of the archive may be a better one.
 */
export async function unpack(unpacking: Unpacking): Promise<void> {
  const { sha256: expected, onBytes } = unpacking
  const hash = expected === undefined ? undefined : createHash('sha256')
  const input = openInput(unpacking, {
    update: hash && (chunk => void hash.update(chunk)),
    onBytes,
  })
  try {
    const failure = await takeAll(unpacking, input.entries()).then(
      () => undefined,
      (error: unknown) => judged(error),
    )
    if (failure !== undefined && !(failure instanceof DamagedArchive)) throw failure
    if (hash !== undefined && expected !== undefined) {
      await input.drain()
      const sha256 = hash.digest('hex')
      if (sha256 !== expected) throw mismatch(sha256, expected)
      // The bytes are right, so no other copy is better.
      if (failure !== undefined) throw new HydrationError('ArchiveInvalid', failure.message)
    }
    if (failure !== undefined) throw failure
  } finally {
    await input.close()
  }
}

function mismatch(sha256: string, expected: string): DamagedArchive {
  const message = `the archive has SHA-256 ${sha256}, but its source says ${expected}`
  return new DamagedArchive('ChecksumMismatch', message, { sha256 })
}

interface Input {
  entries(): AsyncIterable<ArchiveEntry>
  /** Reads what is left of the archive. */
  drain(): Promise<void>
  close(): Promise<void>
}

function openInput({ archive, format }: Unpacking, watcher: Watcher): Input {
  if (format.kind === 'tar' && format.compression !== undefined)
    return compressedTar(archive, format.compression, watcher)
  const reader = createByteReader(archive, watcher)
  async function* entries() {
    if (format.kind === 'tar') yield* readTar(reader)
    else if (isZipFile(archive)) yield* readZip(await zipDirectory(archive), reader)
    else throw new Error('the directory of a zip needs ranges')
  }
  return { entries, drain: reader.drain, close: reader.close }
}

function compressedTar(archive: ArchiveFile, compression: Compression, watcher: Watcher): Input {
  const packed = createByteReader(archive, watcher)
  const plain = decompressed(Readable.from(packed.chunks()), compression)
  const reader = createByteReader({ isSeekable: false, from: () => plain })
  return {
    entries: () => readTar(reader),
    drain: packed.drain,
    async close() {
      plain.destroy()
      await packed.close()
    },
  }
}

/** Puts all files, and then those that links stand for. */
async function takeAll(unpacking: Unpacking, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
  const background = createBackground(SIDE_BY_SIDE)
  const tree = createTree(unpacking, background)
  let count = 0
  try {
    for await (const entry of entries) {
      if (++count > MAX_ENTRIES) throw invalid(`it has more than ${MAX_ENTRIES} entries`)
      await tree.take(entry)
    }
    await background.settle()
    await tree.takeLinks()
  } catch (error) {
    // Nothing may write after this.
    await background.settle().catch(() => {})
    throw error
  }
  if (tree.files() === 0) throw invalid('it has no files')
}

interface Tree {
  take(entry: ArchiveEntry): Promise<void>
  takeLinks(): Promise<void>
  /** How many there were. */
  files(): number
}

function createTree({ identity, put, contentOf }: Unpacking, background: Background): Tree {
  /** By its name: how large a file is. */
  const files = new Map<string, number>()
  const links = new Map<string, string>()
  let count = 0

  // An archive may have a name twice. Both are files of their own, and the last one stays.
  const nextIdentity = () => `${identity} ${++count}`

  const takeSmall = async (name: string, content: AsyncIterable<Uint8Array>) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of content) chunks.push(Uint8Array.from(chunk))
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const file = aFile(name, size, nextIdentity(), async function* (from) {
      yield* from === 0 ? chunks : [Buffer.concat(chunks).subarray(from)]
    })
    await background.start(name, () => put(file))
  }
  const takeLarge = async (name: string, { size, open, leave }: ArchiveEntry) => {
    await background.settle()
    const kept: Kept = (from, to) => contentOf(name, from, to)
    let isOpened = false
    const file = aFile(name, size, nextIdentity(), from => {
      isOpened = true
      return open(from, kept)
    })
    await put(file)
    if (!isOpened) await leave(kept)
  }
  const copy = async (name: string, target: string) => {
    const size = files.get(target) ?? 0
    await background.settle()
    await put(aFile(name, size, nextIdentity(), from => contentOf(target, from)))
    files.set(name, size)
  }
  const takeFile = async (name: string, entry: ArchiveEntry) => {
    if (name.startsWith('__MACOSX/')) return
    let { open } = entry
    if (posix.basename(name).startsWith('._')) {
      const { start, content } = await peek(entry.open())
      if (isMacMetadata(name, start)) return
      open = () => content
    }
    links.delete(name)
    files.set(name, entry.size)
    if (entry.size <= SMALL_BYTES) await takeSmall(name, open())
    else await takeLarge(name, { ...entry, open })
  }

  return {
    async take(entry) {
      const name = plain(entry.name)
      if (entry.type === 'folder') return
      if (entry.type === 'device')
        throw invalid(`entry ${quote(entry.name)} is a device, which a snapshot cannot contain`)
      if (entry.type === 'file') return takeFile(name, entry)
      if (entry.type === 'symlink') links.set(name, entry.linkname)
      else if (files.has(plain(entry.linkname))) await copy(name, plain(entry.linkname))
      else throw linkInvalid(name, entry.linkname, 'which is no file that comes before it')
    },
    async takeLinks() {
      for (const [name, target] of resolveLinks(links, file => files.has(file) && !links.has(file)))
        await copy(name, target)
    },
    files: () => files.size,
  }
}

function aFile(
  path: string,
  size: number,
  identity: string,
  read: (from: number) => AsyncIterable<Uint8Array>,
): SourceFile {
  const problem = fileNameProblem(path)
  if (problem !== undefined)
    throw new HydrationError('FileNameInvalid', `the archive has ${quote(path)}, ${problem}`, {
      file: path.slice(0, 1024),
    })
  return { path, size, identity, open: async ({ from }) => ({ from, content: read(from) }) }
}

/** Many archives start each name with `./`. */
function plain(name: string): string {
  return name.replace(/^(\.\/)+/, '').replace(/\/+$/, '')
}

function invalid(message: string): HydrationError {
  return new HydrationError('ArchiveInvalid', `the archive is rejected: ${message}`)
}
