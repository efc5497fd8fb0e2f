import { managedClaimOf } from '../api/managed-claim.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { isReady } from '../api/readiness.ts'
import { snapshotPath } from '../api/volume-layout.ts'

/** An environment variable that holds a digest, read from an annotation of the pod when a container starts. */
export interface DigestVariable {
  name: string
  /** Of the downward API. */
  fieldPath: string
}

/** What a pod is given of a cache: which folder of which claim, and where it appears. */
export interface CacheMount {
  cache: string
  claimName: string
  /** Folder within the claim; absent means its root. */
  subPath: string | undefined
  /** The folder is the snapshot of a digest that is not known yet; then there is no `subPath`. */
  variable?: DigestVariable
  /** The cache is not Ready: the pod waits for it at a scheduling gate. */
  waits?: true
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
  if (spec.storage.backend === 'ExistingPVC') return existingClaimMount(cache)
  if (status?.claimName === undefined || status.resolvedDigest === undefined) return undefined
  return snapshotMount(cache, status.resolvedDigest)
}

/** The mount of one snapshot of a cache of backend PVC. */
export function snapshotMount(cache: ModelCache, digest: string): CacheMount {
  return {
    cache: cache.metadata.name,
    mountPath: cache.spec.mount.path,
    claimName: managedClaimOf(cache),
    subPath: snapshotPath(digest),
    identity: digest,
  }
}

/** The mount of the claim that people filled: backend ExistingPVC alone has one. */
export function existingClaimMount({ metadata, spec }: ModelCache): CacheMount | undefined {
  const claim = spec.storage.existingPVC
  if (claim === undefined) return undefined
  return {
    cache: metadata.name,
    mountPath: spec.mount.path,
    claimName: claim.name,
    subPath: claim.subPath,
    identity: `pvc/${claim.name}`,
  }
}
