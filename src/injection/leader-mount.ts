import { type ConsumerPod, folderOf } from '../api/kubernetes/consumer-pod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { hasSnapshot } from '../api/volume-layout.ts'
import { type CacheMount, snapshotMount, subPathOf, waitingMount } from './cache-mount.ts'
import { identityOf, PENDING, readRecord } from './record.ts'

/**
 * The mount of a cache that the leader of a gang got. Its workers get the same one, whatever has happened to
 * the cache since, because a gang must not serve two revisions. Undefined if the leader got none, or if its
 * record differs from what it mounts: annotations of a pod can change, and its mounts cannot. A snapshot that
 * status does not know counts as none.
 */
export function mountOfLeader(leader: ConsumerPod, cache: ModelCache): CacheMount | undefined {
  const identity = readRecord(leader.record).get(cache.metadata.name)
  const waiting = waitingMount(cache)
  if (identity === undefined || waiting === undefined) return undefined
  if (waiting.kind === 'claim') {
    // The record does not tell a leader that still waits for this claim from a leader that has it.
    return identityOf(waiting) === identity && !leader.gated ? { ...waiting, waits: false } : undefined
  }
  if (identity === PENDING) return waiting
  if (!hasSnapshot(cache, identity)) return undefined
  const mount = snapshotMount(cache, identity)
  // A leader that waited for its cache got the digest from the controller.
  return mountsFolder(leader, mount) || mountsFolder(leader, waiting) ? mount : undefined
}

function mountsFolder({ folders }: ConsumerPod, mount: CacheMount): boolean {
  const { subPath, subPathExpr } = subPathOf(mount)
  return folders.includes(folderOf(mount.claimName, subPath ?? subPathExpr ?? ''))
}
