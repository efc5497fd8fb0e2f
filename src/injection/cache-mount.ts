import type { VolumeMount } from '../api/kubernetes/pod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { isReady } from '../api/readiness.ts'
import { inFolder, isStaging, stagingPlace } from '../api/staging.ts'
import { snapshotPath, snapshotPathExpr } from '../api/volume-layout.ts'
import { digestVariable } from './digest-variable.ts'

/** What a pod gets of a cache: a folder of a claim, and the path where it appears. */
export type CacheMount = SnapshotMount | AwaitedMount | ClaimMount

interface Common {
  cache: string
  claimName: string
  mountPath: string
  /** Folders below the path, as absolute paths, where each pod has an empty one that it may write to. */
  scratch: readonly string[]
}

/** One snapshot that we have staged. */
export interface SnapshotMount extends Common {
  kind: 'snapshot'
  digest: string
  /** The folder of the claim that is the cache's. Absent means its root. */
  folder: string | undefined
}

/**
 * The snapshot that a cache will have. Nobody knows its digest yet, so the pod waits at a scheduling gate.
 */
export interface AwaitedMount extends Common {
  kind: 'awaited'
  folder: string | undefined
}

/** A claim that people filled. */
export interface ClaimMount extends Common {
  kind: 'claim'
  /** Folder within the claim. Absent means the root. */
  subPath: string | undefined
  /** The cache is not Ready, and the pod waits for it at a scheduling gate. */
  waits: boolean
}

/**
 * The mount of a cache; undefined while the cache is not Ready.
 *
 * A pod mounts one snapshot of our own claim, never its root: half-written trees stay invisible, and a later
 * fetch cannot change bytes under a running pod. kubelet creates a missing subPath without an error, so the
 * name comes from a verified digest in status and nowhere else.
 */
export function readyMount(cache: ModelCache): SnapshotMount | ClaimMount | undefined {
  const { spec, status, metadata } = cache
  if (metadata.deletionTimestamp !== undefined || !isReady(cache)) return undefined
  // A cache that is Ready in other clusters has no claim in this one.
  if (status?.claimName === undefined) return undefined
  if (!isStaging(spec)) return claimMount(cache, { waits: false })
  if (status.resolvedDigest === undefined) return undefined
  return snapshotMount(cache, status.resolvedDigest)
}

/**
 * The mount of a cache that is not Ready, for a pod that waits for it at a scheduling gate. A claim that
 * people filled is already known. For our own claim, the digest is not.
 */
export function waitingMount(cache: ModelCache): AwaitedMount | ClaimMount | undefined {
  if (!isStaging(cache.spec)) return claimMount(cache, { waits: true })
  return { kind: 'awaited', ...placeOf(cache) }
}

/** The mount of one snapshot of a cache that is staged. */
export function snapshotMount(cache: ModelCache, digest: string): SnapshotMount {
  return { kind: 'snapshot', ...placeOf(cache), digest }
}

/** The mount of the claim that people filled, which only backend ExistingPVC has. */
export function claimMount(
  { metadata, spec }: ModelCache,
  { waits }: { waits: boolean },
): ClaimMount | undefined {
  const claim = spec.storage.existingPVC
  if (claim === undefined) return undefined
  const { name: claimName, subPath } = claim
  return { kind: 'claim', cache: metadata.name, claimName, ...placesOf(spec.mount), subPath, waits }
}

function placeOf(cache: ModelCache): Common & { folder: string | undefined } {
  return { cache: cache.metadata.name, ...stagingPlace(cache), ...placesOf(cache.spec.mount) }
}

/** Where containers see a cache. */
export function placesOf({ path, scratch }: ModelCache['spec']['mount']) {
  return { mountPath: path, scratch: scratch?.map(folder => `${path}/${folder}`) ?? NONE }
}

/** Most caches have none, and each admission would allocate a list. */
const NONE: readonly string[] = []

/** Whether a pod with this mount waits at a scheduling gate because the cache is not Ready. */
export function waits(mount: CacheMount): boolean {
  return mount.kind === 'awaited' || (mount.kind === 'claim' && mount.waits)
}

/** The folder of a mount within its claim, as a field of `volumeMount`; empty for the root. */
export function subPathOf(mount: CacheMount): Pick<VolumeMount, 'subPath' | 'subPathExpr'> {
  switch (mount.kind) {
    case 'snapshot':
      return { subPath: inFolder(mount.folder, snapshotPath(mount.digest)) }
    case 'awaited':
      return { subPathExpr: inFolder(mount.folder, snapshotPathExpr(digestVariable(mount.cache).name)) }
    case 'claim':
      return mount.subPath === undefined ? {} : { subPath: mount.subPath }
  }
}
