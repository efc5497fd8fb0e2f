import type { ModelCache } from './modelcache.ts'

/** The folder of a claim that holds its snapshots. */
export const SNAPSHOTS = 'snapshots/'

/** Folder of a snapshot within its claim, by its whole digest: `snapshots/sha256:…`. */
export function snapshotPath(digest: string): string {
  return `${SNAPSHOTS}${digest}`
}

/** Whether the controller has seen a snapshot of that digest complete on the claim: it says so in status, which nobody else writes. */
export function hasSnapshot({ status }: ModelCache, digest: string): boolean {
  if (digest === '') return false
  return (
    digest === status?.resolvedDigest || status?.snapshots?.some(known => known.digest === digest) === true
  )
}
