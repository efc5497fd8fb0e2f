import type { ModelCache } from '../api/modelcache.ts'
import { CLAIM_OF } from '../api/names.ts'
import type { ClusterView, ObjectRef } from './cluster-view.ts'

/** A claim that this project fills, of a cache that may be gone. */
export interface ManagedClaim {
  /** The cache by what it says itself; by the claim's label only where no cache says it. */
  owner: ModelCache | undefined
  /** What to read again before this claim is called managed. */
  basis: readonly ObjectRef[]
}

/**
 * Whether a claim is managed, and whose it is. A ModelCache that says so suffices, and so does the label: a tenant
 * can take the label off, and a claim can outlive its cache.
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
      // An empty name would read a whole collection.
      ...(label === '' ? [] : [cacheRef(namespace, label)]),
    ],
  }
}

function cacheRef(namespace: string, name: string): ObjectRef {
  return { kind: 'ModelCache', namespace, name }
}
