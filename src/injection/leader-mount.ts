import { type ConsumerPod, folderOf } from '../api/kubernetes/consumer-pod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { hasSnapshot } from '../api/volume-layout.ts'
import { type CacheMount, existingClaimMount, snapshotMount } from './cache-mount.ts'
import { subPathExpr } from './mounts.ts'
import { PENDING, pendingMount } from './pending-mount.ts'
import { readRecord } from './record.ts'

/**
 * The mount that the leader of a gang was given of a cache: its workers get the same, whatever happened to the cache
 * since, because one gang must not serve two revisions. Undefined where the leader was given none, or where its record
 * is not what it mounts: annotations of a pod can change, its mounts cannot. A snapshot that status does not know is none.
 */
export function mountOfLeader(leader: ConsumerPod, cache: ModelCache): CacheMount | undefined {
  const identity = readRecord(leader.record).get(cache.metadata.name)
  const pending = pendingMount(cache)
  if (identity === undefined || pending === undefined) return undefined
  if (cache.spec.storage.backend === 'ExistingPVC') {
    const mount = existingClaimMount(cache)
    // The record does not tell a leader that still waits for this claim from one that has it.
    return mount?.identity === identity && !leader.gated ? mount : undefined
  }
  if (identity === PENDING) return pending
  if (!hasSnapshot(cache, identity)) return undefined
  const mount = snapshotMount(cache, identity)
  // A leader that has waited for its cache learnt the digest from the controller.
  const folders = [mount.subPath ?? '', subPathExpr(pending) ?? ''].map(folder =>
    folderOf(mount.claimName, folder),
  )
  return folders.some(folder => leader.folders.includes(folder)) ? mount : undefined
}
