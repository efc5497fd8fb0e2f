import type { HydrationReport } from '../api/hydration-report.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { snapshotPath } from '../api/volume-layout.ts'
import { archiveIn } from './archive/format.ts'
import { type Counts, newCounts } from './progress.ts'
import { resolve } from './sources/resolve.ts'
import type { Listing, Resolved, SourceContext } from './sources/source.ts'
import { findSnapshot } from './volume/find.ts'
import type { Manifest } from './volume/manifest.ts'
import type { OwnerTiming } from './volume/owner.ts'
import { finishReveals } from './volume/publish.ts'
import { makeScratchFolders } from './volume/scratch.ts'
import { checkRoomFor, checkWritten } from './volume/space.ts'
import { openVolume, type Volume } from './volume/volume.ts'
import { openSnapshot } from './volume/work.ts'
import { type Staging, writeArchive } from './write-archive.ts'
import { writeLayers } from './write-layers.ts'

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
  /** Folders of the snapshot over which pods mount empty ones. */
  scratch?: readonly string[] | undefined
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
  const { into, counts = newCounts(), connections = CONNECTIONS, signal } = options
  const startedAt = performance.now()
  const volume = await openVolume(into, options)
  try {
    await finishReveals(volume, { signal })
    const resolved = await resolve(options)
    counts.revision = resolved.revision
    const manifest =
      (await findSnapshot(volume, resolved.identity, { signal })) ??
      (await write(volume, resolved, { ...options, counts, connections }))
    await makeScratchFolders(volume, manifest.digest, options.scratch ?? [])
    await volume.confirm()
    return reportOf(manifest, (performance.now() - startedAt) / 1000)
  } finally {
    await volume.close()
  }
}

async function write(volume: Volume, resolved: Resolved, options: Staging): Promise<Manifest> {
  const listing = await resolved.list()
  const { packed } = listing
  if (packed !== undefined && packed.length > 0)
    return writeLayers(volume, resolved, { ...listing, packed }, options)
  const format = await archiveIn(listing)
  const [only] = listing.files
  if (format === undefined || only === undefined) return writeFiles(volume, resolved, listing, options)
  return writeArchive(
    volume,
    resolved,
    { file: only, format, stripComponents: listing.archive?.stripComponents },
    options,
  )
}

async function writeFiles(
  volume: Volume,
  { identity, revision }: Resolved,
  { files, leftOut = [] }: Listing,
  { counts, maxBytes, connections, signal }: Staging,
): Promise<Manifest> {
  const sizes = files.map(({ size }) => size)
  if (sizes.every(size => size !== undefined)) counts.bytesTotal = sizes.reduce((sum, size) => sum + size, 0)
  counts.filesTotal = files.length
  const snapshot = await openSnapshot(volume, identity, {
    connections,
    onBytes(bytes) {
      counts.bytes += bytes
      checkWritten(counts.bytes, maxBytes)
    },
  })
  const onFile = () => {
    counts.files += 1
  }
  try {
    await snapshot.share(files)
    await checkRoomFor(counts.bytesTotal, volume, snapshot, maxBytes)
    await snapshot.putAll(files, { onFile, signal })
    const duplicates = leftOut.filter(({ why }) => why === 'duplicate').length
    return await snapshot.complete({ identity, revision, ...(duplicates > 0 && { leftOut: duplicates }) })
  } finally {
    await snapshot.close()
  }
}

function reportOf({ digest, revision, leftOut, files }: Manifest, seconds: number): HydrationReport {
  const topFolder = topFolderOf(files)
  return {
    digest,
    ...(revision !== undefined && { revision }),
    path: snapshotPath(digest),
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    files: files.length,
    seconds: Math.round(seconds * 1000) / 1000,
    ...(leftOut !== undefined && { leftOut }),
    ...(topFolder !== undefined && { topFolder }),
  }
}

/** The folder that all files are in; undefined if some are not in it, or if there are none. */
function topFolderOf(files: Manifest['files']): string | undefined {
  const [first] = files
  const slash = first?.path.indexOf('/') ?? -1
  if (first === undefined || slash <= 0) return undefined
  const folder = first.path.slice(0, slash)
  return files.every(({ path }) => path.startsWith(`${folder}/`)) ? folder : undefined
}
