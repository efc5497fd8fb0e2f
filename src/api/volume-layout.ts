import type { ModelCache } from './modelcache.ts'

/** The folder of a claim that holds its snapshots. */
const SNAPSHOTS = 'snapshots/'

/**
 * The name of a snapshot's folder. It has the whole digest, and no colon, because SMB servers allow none in a
 * name.
 */
export function snapshotFolder(digest: string): string {
  return digest.replace(':', '-')
}

/** The folder of a snapshot within its claim: `snapshots/sha256-…`. */
export function snapshotPath(digest: string): string {
  return `${SNAPSHOTS}${snapshotFolder(digest)}`
}

/** The same, with a variable of the container in place of the folder's name. */
export function snapshotPathExpr(variable: string): string {
  return `${SNAPSHOTS}$(${variable})`
}

/**
 * Whether the controller has seen a complete snapshot of that digest on the claim. It says so in status,
 * which only the controller writes.
 */
export function hasSnapshot({ status }: ModelCache, digest: string): boolean {
  if (digest === '') return false
  return (
    digest === status?.resolvedDigest || status?.snapshots?.some(known => known.digest === digest) === true
  )
}

/** The same for a folder within the claim. */
export function hasSnapshotAt(cache: ModelCache, path: string): boolean {
  const digest = digestOf(path)
  return digest !== undefined && hasSnapshot(cache, digest)
}

/** The digest of the snapshot in a folder of a claim; undefined if the folder cannot hold one. */
export function digestOf(path: string): string | undefined {
  const folder = path.startsWith(SNAPSHOTS) ? path.slice(SNAPSHOTS.length) : ''
  return folder.startsWith('sha256-') ? folder.replace('-', ':') : undefined
}
