import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { HydrationError } from '../failure.ts'
import type { ArchiveFile } from './archive-file.ts'
import { createBackground } from './background.ts'
import { createByteReader, type Watcher } from './byte-reader.ts'
import { DamagedArchive, judged } from './damage.ts'
import { type ArchiveEntry, MAX_ENTRIES } from './entry.ts'
import { type Compression, decompressed, type KnownFormat } from './format.ts'
import { readTar } from './tar.ts'
import { createTree, type Planting } from './tree.ts'
import { isZipFile, readZip, zipDirectory } from './zip.ts'

/** How many small files are written at a time. */
const SIDE_BY_SIDE = 16

export interface Unpacking extends Planting {
  archive: ArchiveFile
  format: KnownFormat
  /** The hash that the archive must have. */
  sha256?: string | undefined
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

function invalid(message: string): HydrationError {
  return new HydrationError('ArchiveInvalid', `the archive is rejected: ${message}`)
}
