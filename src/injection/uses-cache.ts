import { type ConsumerPod, folderOf } from '../api/kubernetes/consumer-pod.ts'
import { claimsOf } from '../api/managed-claim.ts'
import { isManagedName } from '../api/managed-name.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { isStaging, snapshotFolderOf, stagingPlace } from '../api/staging.ts'
import { subPathOf, waitingMount } from './cache-mount.ts'
import { readRecord } from './record.ts'

/**
 * Whether a pod uses the cache of that name. Its mounts decide, because labels and records can be forged and
 * removed. Its record counts only if the cache itself cannot be read. A pod that has ended, or still waits at
 * the gate, mounts nothing. A pod that stages the cache is deleted together with it.
 */
export function usesCache(pod: ConsumerPod, name: string, cache: ModelCache | undefined): boolean {
  if (pod.finished || pod.gated || isHydration(pod)) return false
  if (cache === undefined) return readRecord(pod.record).has(name)
  const { backend, existingPVC: existing } = cache.spec.storage
  if (backend === 'ExistingPVC' && isStaging(cache.spec)) return usesSnapshot(pod, cache)
  if (backend !== 'ExistingPVC' || existing === undefined)
    return claimsOf(cache).some(claim => pod.claims.includes(claim))
  // Several caches may use folders of one claim.
  if (existing.subPath !== undefined) return pod.folders.includes(folderOf(existing.name, existing.subPath))
  return pod.claims.includes(existing.name)
}

/** Other caches may be staged into the same claim, so the folder decides. */
function usesSnapshot({ folders }: ConsumerPod, cache: ModelCache): boolean {
  const place = stagingPlace(cache)
  const { resolvedDigest, snapshots = [] } = cache.status ?? {}
  const digests = [...snapshots.map(({ digest }) => digest), resolvedDigest].filter(
    found => found !== undefined,
  )
  const waiting = waitingMount(cache)
  const paths = [
    ...digests.map(digest => snapshotFolderOf(place, digest)),
    (waiting && subPathOf(waiting).subPathExpr) ?? '',
  ]
  return paths.some(path => folders.includes(folderOf(place.claimName, path)))
}

/** By its name, which is reserved for the pods of our Jobs. */
function isHydration({ metadata }: ConsumerPod): boolean {
  return isManagedName(metadata.name)
}
