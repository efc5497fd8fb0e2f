import { managedClaimOf } from '../api/managed-claim.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { type CacheMount, existingClaimMount } from './cache-mount.ts'
import { digestVariable } from './digest-variable.ts'

/** In place of a digest that is not known yet, in the record of a pod. */
export const PENDING = 'pending'

/**
 * The mount of a cache that is not Ready, for a pod that waits for it at a scheduling gate. What a claim that people
 * filled holds is known already; of a claim of our own the digest is not.
 */
export function pendingMount(cache: ModelCache): CacheMount | undefined {
  const { metadata, spec } = cache
  if (spec.storage.backend === 'ExistingPVC') {
    const mount = existingClaimMount(cache)
    return mount && { ...mount, waits: true }
  }
  return {
    cache: metadata.name,
    mountPath: spec.mount.path,
    claimName: managedClaimOf(cache),
    subPath: undefined,
    variable: digestVariable(metadata.name),
    waits: true,
    identity: PENDING,
  }
}
