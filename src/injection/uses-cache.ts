import { type ConsumerPod, folderOf } from '../api/kubernetes/consumer-pod.ts'
import { claimsOf } from '../api/managed-claim.ts'
import { isManagedName } from '../api/managed-name.ts'
import type { ModelCache } from '../api/modelcache.ts'
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
  if (backend !== 'ExistingPVC' || existing === undefined)
    return claimsOf(cache).some(claim => pod.claims.includes(claim))
  // Several caches may use folders of one claim.
  if (existing.subPath !== undefined) return pod.folders.includes(folderOf(existing.name, existing.subPath))
  return pod.claims.includes(existing.name)
}

/** By its name, which is reserved for the pods of our Jobs. */
function isHydration({ metadata }: ConsumerPod): boolean {
  return isManagedName(metadata.name)
}
