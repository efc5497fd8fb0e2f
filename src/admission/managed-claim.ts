import type { ModelCache } from '../api/modelcache.ts'
import { CLAIM_OF } from '../api/names.ts'
import type { ClusterView, ObjectRef } from './cluster-view.ts'

/** A claim that this project fills. Its cache may be gone. */
export interface ManagedClaim {
  /**
   * The name of the cache. The cache itself is asked first, and the claim's label only if no cache owns the
   * claim.
   */
  owner: ModelCache | undefined
  /** Objects to read again before we call this claim managed. */
  basis: readonly ObjectRef[]
}

/**
 * Whether a claim is managed, and by which cache. Either the ModelCache or the label is enough: a tenant can
 * remove the label, and a claim can outlive its cache.
 */
export function managedClaim(
  namespace: string,
  claimName: string,
  view: ClusterView,
): ManagedClaim | undefined {
  const owner = view.modelCacheOfClaim(namespace, claimName)
  if (owner !== undefined) return { owner, basis: [cacheRef(namespace, owner.metadata.name)] }
  const label = view.get('PersistentVolumeClaim', namespace, claimName)?.metadata.labels?.[CLAIM_OF]
  if (label === undefined) return undefined
  return {
    owner: view.get('ModelCache', namespace, label),
    basis: [
      { kind: 'PersistentVolumeClaim', namespace, name: claimName },
      // With an empty name we would read a whole collection.
      ...(label === '' ? [] : [cacheRef(namespace, label)]),
    ],
  }
}

function cacheRef(namespace: string, name: string): ObjectRef {
  return { kind: 'ModelCache', namespace, name }
}
