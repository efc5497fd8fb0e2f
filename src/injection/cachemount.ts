import type { ModelCache } from '../api/modelcache.ts'
import { isReady } from '../api/readiness.ts'

/** What a pod is given of a cache that is Ready: which folder of which claim, and where it appears. */
export interface CacheMount {
  cache: string
  claimName: string
  /** Folder within the claim; absent means its root. */
  subPath: string | undefined
  mountPath: string
  /** What the pod was given, for the record: the digest of the snapshot, or the claim that people filled. */
  identity: string
}

/**
 * The mount of a cache, or undefined while it is not Ready.
 *
 * A claim of our own is mounted at one snapshot, never at its root: half-written trees stay invisible, and a
 * later fetch cannot change bytes under a running pod. kubelet creates a missing subPath without an error, so the
 * name comes from a verified digest in status and from nowhere else.
 */
export function cacheMount(cache: ModelCache): CacheMount | undefined {
  const { spec, status, metadata } = cache
  if (metadata.deletionTimestamp !== undefined || !isReady(cache)) return undefined
  const common = { cache: metadata.name, mountPath: spec.mount.path }
  if (spec.storage.backend === 'ExistingPVC') {
    const claim = spec.storage.existingPVC
    if (claim === undefined) return undefined
    return { ...common, claimName: claim.name, subPath: claim.subPath, identity: `pvc/${claim.name}` }
  }
  if (status?.claimName === undefined || status.resolvedDigest === undefined) return undefined
  return {
    ...common,
    claimName: status.claimName,
    subPath: snapshotPath(status.resolvedDigest),
    identity: status.resolvedDigest,
  }
}

/** Folder of a snapshot within its claim, by its whole digest: `snapshots/sha256:…`. */
export function snapshotPath(digest: string): string {
  return `snapshots/${digest}`
}
