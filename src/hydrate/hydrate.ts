import type { HydrationReport } from '../api/hydration-report.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { snapshotPath } from '../api/volume-layout.ts'
import { archiveIn, isPlainTar } from './archive/format.ts'
import { unpack } from './archive/unpack.ts'
import { type Counts, newCounts } from './progress.ts'
import { resolve } from './sources/resolve.ts'
import type { Resolved, SourceContext, SourceFile } from './sources/source.ts'
import { findSnapshot } from './volume/find.ts'
import type { Manifest } from './volume/manifest.ts'
import type { OwnerTiming } from './volume/owner.ts'
import { finishReveals } from './volume/publish.ts'
import { checkRoom, freeBytes, tooLarge } from './volume/space.ts'
import { openVolume, type Volume } from './volume/volume.ts'
import { openSnapshot } from './volume/work.ts'

export interface HydrateOptions extends Omit<SourceContext, 'source'> {
  source: NonNullable<ModelCache['spec']['artifact']['source']>
  /** The volume, or any folder. */
  into: string
  /** The UID of the claim that the folder belongs to. Without it, whatever is there is hashed. */
  claimUID?: string | undefined
  /** Hash whatever is there in any case. */
  rehash?: boolean | undefined
  /** The most that may be written, archive included: the size of the claim. */
  maxBytes?: number | undefined
  /** How many parts of files come at a time. */
  connections?: number | undefined
  /** Updated while the work goes on. */
  counts?: Counts
  timing?: OwnerTiming
}

/** A CDN gives each connection 20 to 100 MiB/s. */
export const CONNECTIONS = 16

/**
 * Writes the snapshot of a source onto a volume, and reports it. It skips what an earlier run has done, and
 * fetches nothing if the snapshot is already complete.
 *
 * @throws HydrationError with the reason and what to do about it.
 */
export async function hydrate(options: HydrateOptions): Promise<HydrationReport> {
  const { into, counts = newCounts(), signal } = options
  const startedAt = performance.now()
  const volume = await openVolume(into, options)
  try {
    await finishReveals(volume, { signal })
    const resolved = await resolve(options)
    const manifest =
      (await findSnapshot(volume, resolved.identity, { signal })) ??
      (await write(volume, resolved, { ...options, counts }))
    await volume.confirm()
    return reportOf(manifest, (performance.now() - startedAt) / 1000)
  } finally {
    await volume.close()
  }
}

async function write(
  volume: Volume,
  { identity, revision, list }: Resolved,
  { counts, maxBytes, connections = CONNECTIONS, signal }: HydrateOptions & { counts: Counts },
): Promise<Manifest> {
  const listing = await list()
  const { files, leftOut } = listing
  const archive = await archiveIn(listing)
  const sizes = files.map(({ size }) => size)
  if (sizes.every(size => size !== undefined)) counts.bytesTotal = sizes.reduce((sum, size) => sum + size, 0)
  if (archive === undefined) counts.filesTotal = files.length
  const snapshot = await openSnapshot(volume, identity, bytes => {
    counts.bytes += bytes
    if (maxBytes !== undefined && counts.bytes > maxBytes) throw tooLarge(maxBytes)
  })
  const onFile = () => {
    counts.files += 1
  }
  const put = async (file: SourceFile) => {
    signal.throwIfAborted()
    await snapshot.put(file, signal, { replaces: true })
    onFile()
  }
  try {
    if (counts.bytesTotal !== undefined) {
      // A tar lies beside its files. Nobody knows how large the files of a compressed archive are.
      const needed = counts.bytesTotal * (archive && isPlainTar(archive) ? 2 : 1)
      checkRoom({
        needed,
        there: await snapshot.bytes(),
        free: await freeBytes(volume.layout.volume),
        maxBytes,
      })
    }
    const [only] = files
    if (archive === undefined || only === undefined)
      await snapshot.putAll(files, { connections, onFile, signal })
    else {
      await snapshot.putArchive(only, signal)
      // Unpacked bytes were already counted as they arrived.
      counts.bytesTotal = undefined
      await unpack(snapshot.archive, archive, only.identity ?? identity, put)
    }
    return await snapshot.complete({ identity, revision, leftOut })
  } finally {
    await snapshot.close()
  }
}

function reportOf({ digest, revision, leftOut, files }: Manifest, seconds: number): HydrationReport {
  return {
    digest,
    ...(revision !== undefined && { revision }),
    path: snapshotPath(digest),
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    files: files.length,
    seconds: Math.round(seconds * 1000) / 1000,
    ...(leftOut !== undefined && { leftOut }),
  }
}
