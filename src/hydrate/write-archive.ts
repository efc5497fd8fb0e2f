import { type ArchiveFile, archiveAtSource, archiveOnDisk } from './archive/archive-file.ts'
import { DamagedArchive } from './archive/damage.ts'
import { type KnownFormat, unpackedBytes } from './archive/format.ts'
import { plant } from './archive/plant.ts'
import type { Planting } from './archive/tree.ts'
import { unpack } from './archive/unpack.ts'
import type { Checksum } from './checksum.ts'
import type { Counts } from './progress.ts'
import type { Resolved, SourceFile } from './sources/source.ts'
import { mismatch } from './volume/file-writer.ts'
import type { Manifest } from './volume/manifest.ts'
import { checkRoomFor, checkWritten } from './volume/space.ts'
import type { Volume } from './volume/volume.ts'
import { openSnapshot, type Snapshot } from './volume/work.ts'

/** How a snapshot is written. */
export interface Staging {
  counts: Counts
  maxBytes?: number | undefined
  connections: number
  signal: AbortSignal
}

interface Archive {
  file: SourceFile
  format: KnownFormat
  stripComponents?: number | undefined
}

/**
 * Writes the snapshot of the files in an archive, which is unpacked as it comes. A damaged archive is fetched
 * once more over other connections, because a byte may be damaged on its way.
 */
export async function writeArchive(
  volume: Volume,
  resolved: Resolved,
  archive: Archive,
  staging: Staging,
): Promise<Manifest> {
  return onceMore(staging, earlier => attempt(volume, resolved, archive, staging, earlier))
}

/** Tries once more if an archive was damaged, because a byte may be damaged on its way. */
export async function onceMore<T>(
  { counts, signal }: Staging,
  work: (earlier?: DamagedArchive) => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // Whoever reads an archive when the work is interrupted sees an archive that ends early.
    signal.throwIfAborted()
    if (!(error instanceof DamagedArchive)) throw error
    Object.assign(counts, { bytes: 0, files: 0 })
    return await work(error)
  }
}

async function attempt(
  volume: Volume,
  { identity, revision }: Resolved,
  { file, format, stripComponents }: Archive,
  staging: Staging,
  earlier?: DamagedArchive,
): Promise<Manifest> {
  const { counts, maxBytes, connections, signal } = staging
  const afresh = earlier !== undefined
  let written = 0
  const snapshot = await openSnapshot(volume, identity, {
    connections,
    afresh,
    onBytes(bytes) {
      written += bytes
      checkWritten(written, maxBytes)
    },
  })
  try {
    const atSource = archiveAtSource(file, { connections, fresh: afresh, signal })
    counts.bytesTotal = file.size
    await checkRoomFor(await unpackedBytes(atSource, format), volume, snapshot, maxBytes)
    const isKept = format.kind === 'zip' && !atSource.isSeekable
    const archive = isKept ? await keep(snapshot, file, signal) : atSource
    const identityOfArchive = file.identity ?? identity
    const planting = { ...plantingOf(snapshot, staging), identity: identityOfArchive, stripComponents }
    const unpacking = {
      archive,
      format,
      checksum: isKept ? undefined : checksumOf(file),
      earlier: earlier?.found,
      onBytes(bytes: number) {
        counts.bytes += bytes
      },
    }
    await unpack(unpacking, entries => plant(planting, entries))
    return await snapshot.complete({ identity, revision })
  } catch (error) {
    const isOther = error instanceof DamagedArchive && error.found !== earlier?.found
    throw afresh && isOther ? mismatch(file, error.message, false) : error
  } finally {
    await snapshot.close()
  }
}

/** Puts the files of archives into a snapshot, and counts them. */
export function plantingOf(
  snapshot: Snapshot,
  { counts, signal }: Staging,
): Pick<Planting, 'contentOf' | 'put'> {
  return {
    contentOf: snapshot.contentOf,
    async put(file) {
      signal.throwIfAborted()
      await snapshot.put(file, signal, { replaces: true })
      counts.files += 1
    },
  }
}

/** The strongest that the source claims. */
export function checksumOf({ sha256, isGiven, checksum }: SourceFile): Checksum | undefined {
  return sha256 === undefined ? checksum : { algorithm: 'sha256', value: sha256, isGiven }
}

/** The directory of a zip stands at its end, which comes last from a server without ranges. */
async function keep(snapshot: Snapshot, file: SourceFile, signal: AbortSignal): Promise<ArchiveFile> {
  await snapshot.putArchive(file, signal)
  return archiveOnDisk(snapshot.archive)
}
