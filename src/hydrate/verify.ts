import { basename, dirname, join, resolve } from 'node:path'
import type { VerifyReport } from '../api/hydration-report.ts'
import { quote } from '../api/schema/text.ts'
import { digestOf as digestOfPath, snapshotPath } from '../api/volume-layout.ts'
import { HydrationError } from './failure.ts'
import { type Counts, newCounts } from './progress.ts'
import { compare, type Difference, digestedBelow } from './volume/compare.ts'
import { digestOf } from './volume/digest.ts'
import { isFolder } from './volume/folder.ts'
import { layoutOf } from './volume/layout.ts'
import { type Manifest, manifestOf, snapshotsOn } from './volume/manifest.ts'

export interface VerifyOptions {
  /** A volume, or the folder of one snapshot, wherever it is mounted. */
  folder: string
  /** The digest that the snapshot must have; by default, that of the folder's name. */
  digest?: string | undefined
  /** Updated while the work goes on. */
  counts?: Counts
  /** Called for each snapshot. */
  onSnapshot?: (checked: Checked) => void
  signal: AbortSignal
}

/** A snapshot, and how its files differ from what was staged. */
export interface Checked {
  digest: string
  files: number
  bytes: number
  differences: readonly Difference[]
}

interface Snapshot {
  digest: string
  folder: string
  manifest: Manifest | undefined
}

/** A message names this many files. */
const MAX_NAMED = 5

/**
 * Reads every byte of snapshots, and compares them with their digests. Writes nothing.
 *
 * @throws HydrationError SnapshotDamaged if a file differs, is missing, or was added; SnapshotNotFound.
 */
export async function verify({
  folder,
  digest,
  counts = newCounts(),
  onSnapshot = () => {},
  signal,
}: VerifyOptions): Promise<VerifyReport> {
  const startedAt = performance.now()
  const snapshots = await snapshotsIn(folder, digest)
  if (snapshots.length === 0)
    throw new HydrationError('SnapshotNotFound', `there is no snapshot in ${quote(folder)}`)
  const known = snapshots.flatMap(({ manifest }) => manifest ?? [])
  if (known.length === snapshots.length) {
    counts.filesTotal = known.reduce((sum, { files }) => sum + files.length, 0)
    counts.bytesTotal = known.reduce((sum, { files }) => sum + bytesOf(files), 0)
  }
  const checked: Checked[] = []
  for (const snapshot of snapshots) {
    const found = await check(snapshot, counts, signal)
    checked.push(found)
    onSnapshot(found)
  }
  const damaged = checked.filter(({ differences }) => differences.length > 0)
  if (damaged.length > 0) throw new HydrationError('SnapshotDamaged', damaged.map(damageOf).join('; '))
  return {
    snapshots: checked.length,
    ...(checked.length === 1 && { digest: checked[0]?.digest }),
    files: checked.reduce((sum, { files }) => sum + files, 0),
    bytes: checked.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: Math.round(performance.now() - startedAt) / 1000,
  }
}

async function snapshotsIn(folder: string, digest: string | undefined): Promise<Snapshot[]> {
  const volume = layoutOf(folder)
  if (await isFolder(join(folder, 'snapshots'))) {
    const digests = digest === undefined ? await snapshotsOn(volume) : [digest]
    return Promise.all(
      digests.map(async of => ({
        digest: of,
        folder: volume.snapshot(of),
        manifest: await manifestOf(volume, of),
      })),
    )
  }
  const path = resolve(folder)
  const of = digest ?? digestOfPath(snapshotPath(basename(path)))
  if (of === undefined || !(await isFolder(path))) return []
  // If only the snapshot is mounted, its manifest is out of reach.
  const manifest = await manifestOf(layoutOf(dirname(dirname(path))), of)
  return [{ digest: of, folder: path, manifest }]
}

async function check(
  { digest, folder, manifest }: Snapshot,
  counts: Counts,
  signal: AbortSignal,
): Promise<Checked> {
  const reading = {
    onBytes: (bytes: number) => {
      counts.bytes += bytes
    },
    onFile: () => {
      counts.files += 1
    },
    signal,
  }
  if (manifest !== undefined) {
    const differences = await compare(folder, manifest.files, reading)
    return { digest, files: manifest.files.length, bytes: bytesOf(manifest.files), differences }
  }
  const { files, others } = await digestedBelow(folder, reading)
  const isSame = others.length === 0 && digestOf(files) === digest
  const differences: Difference[] = others.map(path => ({ path, problem: 'not a file' }))
  if (!isSame) differences.push({ path: '', problem: 'other content' })
  return { digest, files: files.length, bytes: bytesOf(files), differences }
}

function damageOf({ digest, differences }: Checked): string {
  const named = differences
    .filter(({ path }) => path !== '')
    .slice(0, MAX_NAMED)
    .map(({ path, problem }) => `${quote(path)} (${problem})`)
  const more = differences.length > named.length ? [`${differences.length - named.length} more`] : []
  const which =
    named.length === 0
      ? 'nobody knows which file, because its manifest is missing'
      : [...named, ...more].join(', ')
  return `snapshot ${digest} is not what was staged: ${which}`
}

function bytesOf(files: readonly { size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}
