import { Readable } from 'node:stream'
import type { Checksum } from '../checksum.ts'
import { HydrationError } from '../failure.ts'
import type { Compression } from '../sources/source.ts'
import { startChecksum } from '../volume/running-checksum.js'
import type { ArchiveFile } from './archive-file.ts'
import { createByteReader, type Watcher } from './byte-reader.ts'
import { DamagedArchive, judged } from './damage.ts'
import type { ArchiveEntry } from './entry.ts'
import { decompressed, type KnownFormat } from './format.ts'
import { readTar } from './tar.ts'
import { isZipFile, readZip, zipDirectory } from './zip.ts'

/** An archive that is to be read. */
export interface Unpacking {
  archive: ArchiveFile
  format: KnownFormat
  /** The checksum that the archive must have. */
  checksum?: Checksum | undefined
  /** What it had when it was fetched before, if that was not the right one. */
  earlier?: string | undefined
  /** Called with how many bytes of the archive were read. */
  onBytes?: (bytes: number) => void
}

/**
 * Reads an archive as it comes, gives its entries to `take`, and checks it. An archive that is cut off or
 * damaged is rejected.
 *
 * @throws HydrationError, which is a DamagedArchive if another copy of the archive may be a better one.
 */
export async function unpack(
  unpacking: Unpacking,
  take: (entries: AsyncIterable<ArchiveEntry>) => Promise<void>,
): Promise<void> {
  const { checksum, earlier, onBytes } = unpacking
  const running = checksum && (await startChecksum(checksum))
  const input = openInput(unpacking, { update: running?.update, onBytes })
  try {
    const failure = await take(input.entries()).then(
      () => undefined,
      (error: unknown) => judged(error),
    )
    if (failure !== undefined && !(failure instanceof DamagedArchive)) throw failure
    if (running !== undefined && checksum !== undefined) {
      await input.drain()
      const found = running.digest().toString('hex')
      const isRight = found === checksum.value || (checksum.isGuess && found === earlier)
      if (!isRight) throw mismatch(found, checksum)
      // The bytes are right, so no other copy is better.
      if (failure !== undefined) throw new HydrationError('ArchiveInvalid', failure.message)
    }
    if (failure !== undefined) throw failure
  } finally {
    await input.close()
  }
}

function mismatch(found: string, { algorithm, value, isGiven }: Checksum): DamagedArchive {
  const name = algorithm === 'sha256' ? 'SHA-256' : algorithm
  const message = `the archive has ${name} ${found}, but ${isGiven ? 'the ModelCache' : 'its source'} says ${value}`
  return new DamagedArchive('ChecksumMismatch', message, { found })
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
