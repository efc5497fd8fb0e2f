import type { VolumeMount } from '../api/kubernetes/pod.ts'
import { managedClaimOf } from '../api/managed-claim.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { isReady } from '../api/readiness.ts'
import { snapshotPath, snapshotPathExpr } from '../api/volume-layout.ts'
import { digestVariable } from './digest-variable.ts'

/** What a pod is given of a cache: a folder of a claim, and the path at which it appears. */
export type CacheMount = SnapshotMount | AwaitedMount | ClaimMount

interface Common {
  cache: string
  claimName: string
  mountPath: string
}

/** One snapshot on a claim of ours. */
export interface SnapshotMount extends Common {
  kind: 'snapshot'
  digest: string
}

/** The snapshot that a cache will have. Its digest is not known yet, so its pod waits at a scheduling gate. */
export interface AwaitedMount extends Common {
  kind: 'awaited'
}

/** A claim that people filled. */
export interface ClaimMount extends Common {
  kind: 'claim'
  /** Folder within the claim; absent means its root. */
  subPath: string | undefined
  /** The cache is not Ready: the pod waits for it at a scheduling gate. */
  waits: boolean
}

/**
 * The mount of a cache, or undefined while it is not Ready.
 *
 * A claim of our own is mounted at one snapshot, never at its root: half-written trees stay invisible, and a
 * later fetch cannot change bytes under a running pod. kubelet creates a missing subPath without an error, so the
 * name comes from a verified digest in status and from nowhere else.
 */
export function readyMount(cache: ModelCache): SnapshotMount | ClaimMount | undefined {
  const { spec, status, metadata } = cache
  if (metadata.deletionTimestamp !== undefined || !isReady(cache)) return undefined
  if (spec.storage.backend === 'ExistingPVC') return claimMount(cache, { waits: false })
  if (status?.claimName === undefined || status.resolvedDigest === undefined) return undefined
  return snapshotMount(cache, status.resolvedDigest)
}

/**
 * The mount of a cache that is not Ready, for a pod that waits for it at a scheduling gate. What a claim that people
 * filled holds is known already; of a claim of our own the digest is not.
 */
export function waitingMount(cache: ModelCache): AwaitedMount | ClaimMount | undefined {
  if (cache.spec.storage.backend === 'ExistingPVC') return claimMount(cache, { waits: true })
  return { kind: 'awaited', ...onManagedClaim(cache) }
}

/** The mount of one snapshot of a cache of backend PVC. */
export function snapshotMount(cache: ModelCache, digest: string): SnapshotMount {
  return { kind: 'snapshot', ...onManagedClaim(cache), digest }
}

/** The mount of the claim that people filled: backend ExistingPVC alone has one. */
export function claimMount(
  { metadata, spec }: ModelCache,
  { waits }: { waits: boolean },
): ClaimMount | undefined {
  const claim = spec.storage.existingPVC
  if (claim === undefined) return undefined
  const { name: claimName, subPath } = claim
  return { kind: 'claim', cache: metadata.name, claimName, mountPath: spec.mount.path, subPath, waits }
}

function onManagedClaim(cache: ModelCache): Common {
  return {
    cache: cache.metadata.name,
    claimName: managedClaimOf(cache),
    mountPath: cache.spec.mount.path,
  }
}

/** Whether a pod with this mount waits at a scheduling gate, because the cache is not Ready. */
export function waits(mount: CacheMount): boolean {
  return mount.kind === 'awaited' || (mount.kind === 'claim' && mount.waits)
}

/** Where the folder of a mount lies within its claim, in the words of a `volumeMount`; empty for the root. */
export function subPathOf(mount: CacheMount): Pick<VolumeMount, 'subPath' | 'subPathExpr'> {
  switch (mount.kind) {
    case 'snapshot':
      return { subPath: snapshotPath(mount.digest) }
    case 'awaited':
      return { subPathExpr: snapshotPathExpr(digestVariable(mount.cache).name) }
    case 'claim':
      return mount.subPath === undefined ? {} : { subPath: mount.subPath }
  }
}
