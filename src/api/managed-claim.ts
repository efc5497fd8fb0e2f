import { managedName } from './managed-name.ts'
import type { ModelCache } from './modelcache.ts'

/** The name of the claim of a cache with backend PVC: the one in status, or the one that it will have. */
export function managedClaimOf({ metadata, status }: ModelCache): string {
  return status?.claimName ?? managedName(metadata.name)
}

/**
 * The names of the claim that this project fills for a cache, the reported one first. Only backend PVC has
 * any.
 */
export function claimsOf({ metadata, spec, status }: ModelCache): string[] {
  if (spec.storage.backend !== 'PVC') return []
  const name = managedName(metadata.name)
  return status?.claimName === undefined || status.claimName === name ? [name] : [status.claimName, name]
}

/** Whether a claim in the cache's namespace is the one that this project fills for the cache. */
export function ownsClaim(cache: ModelCache, claimName: string): boolean {
  return claimsOf(cache).includes(claimName)
}
