import { managedClaimOf } from '../../api/managed-claim.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { PersistentVolumeClaim } from '../../api/persistent-volume-claim.ts'
import type { Stores } from '../../cluster/stores.ts'

/** All that is known of one cache when it is looked at. */
export interface Observation {
  cache: ModelCache
  /** The claim that pods mount, if it exists. */
  claim: PersistentVolumeClaim | undefined
  /** Milliseconds since the epoch. */
  now: number
}

/** Gathers what the stores know of a cache. */
export function observe(
  cache: ModelCache,
  stores: Stores<'PersistentVolumeClaim'>,
  now: number,
): Observation {
  return { cache, claim: stores.PersistentVolumeClaim.get(cache.metadata.namespace, claimOf(cache)), now }
}

/** The claim that pods of the cache mount. */
export function claimOf(cache: ModelCache): string {
  return cache.spec.storage.existingPVC?.name ?? managedClaimOf(cache)
}
