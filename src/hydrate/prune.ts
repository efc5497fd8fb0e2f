import { rm } from 'node:fs/promises'
import type { PruneReport } from '../api/hydration-report.ts'
import { HydrationError } from './failure.ts'
import { syncFolder } from './volume/durable.ts'
import { isFolder } from './volume/folder.ts'
import { layoutOf } from './volume/layout.ts'
import { manifestOf } from './volume/manifest.ts'
import { onVolume } from './volume/on-volume.ts'
import type { OwnerTiming } from './volume/owner.ts'
import { bytesBelow } from './volume/space.ts'
import { openVolume, type Volume } from './volume/volume.ts'

export interface PruneOptions {
  /** The volume. */
  folder: string
  /** The snapshots to remove. */
  digests: readonly string[]
  onRemoved?: (digest: string, bytes: number) => void
  signal: AbortSignal
  timing?: OwnerTiming
}

/**
 * Removes snapshots from a volume, and reports what went. Whoever calls knows that nobody mounts them. A run
 * that was interrupted leaves no snapshot that looks complete: its manifest goes first.
 *
 * @throws HydrationError VolumeBusy, VolumeNotWritable or VolumeUnsupported.
 */
export async function prune({
  folder,
  digests,
  onRemoved = () => {},
  signal,
  timing,
}: PruneOptions): Promise<PruneReport> {
  const startedAt = performance.now()
  const report = { snapshots: 0, files: 0, bytes: 0 }
  const volume = await opened(folder, digests, { signal, timing })
  try {
    for (const digest of digests) {
      signal.throwIfAborted()
      const gone = await onVolume(`removing snapshot ${digest}`, () => remove(volume, digest))
      if (gone === undefined) continue
      report.snapshots += 1
      report.files += gone.files
      report.bytes += gone.bytes
      onRemoved(digest, gone.bytes)
    }
  } finally {
    await volume.close()
  }
  return { ...report, seconds: Math.round(performance.now() - startedAt) / 1000 }
}

/** A volume that is full has no room even for the file of its owner, so one snapshot goes before that. */
async function opened(
  folder: string,
  digests: readonly string[],
  options: Parameters<typeof openVolume>[1],
): ReturnType<typeof openVolume> {
  try {
    return await openVolume(folder, options)
  } catch (error) {
    const [first] = digests
    if (!(error instanceof HydrationError) || error.reason !== 'NoSpace' || first === undefined) throw error
    await onVolume(`removing snapshot ${first}`, () =>
      remove({ layout: layoutOf(folder), confirm: async () => {} }, first),
    )
    return openVolume(folder, options)
  }
}

async function remove(
  { layout, confirm }: Pick<Volume, 'layout' | 'confirm'>,
  digest: string,
): Promise<{ files: number; bytes: number } | undefined> {
  const tree = layout.snapshot(digest)
  const manifest = await manifestOf(layout, digest)
  if (manifest === undefined && !(await isFolder(tree))) return undefined
  const bytes = await bytesBelow(tree)
  await confirm()
  await rm(layout.manifest(digest), { force: true })
  await syncFolder(layout.manifests)
  await rm(tree, { recursive: true, force: true })
  return { files: manifest?.files.length ?? 0, bytes }
}
