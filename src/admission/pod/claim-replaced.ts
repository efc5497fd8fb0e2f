import type { ModelCache } from '../../api/modelcache.ts'
import type { ClusterView } from '../cluster-view.ts'

/**
 * Whether the claim that was staged is gone. Another claim may have its name by now, and nobody knows what
 * that one holds, whatever digest is in status. Status has no UID until the controller has seen the claim.
 */
export function isClaimReplaced(
  { status }: ModelCache,
  namespace: string,
  claimName: string,
  view: ClusterView,
): boolean {
  const staged = status?.claimUID
  return (
    staged !== undefined && view.get('PersistentVolumeClaim', namespace, claimName)?.metadata.uid !== staged
  )
}

/** What to say about such a cache, in the words of a CacheNotReady denial. */
export function claimReplacedText(namespace: string, cache: ModelCache, claimName: string): string {
  const { name } = cache.metadata
  return `ModelCache ${namespace}/${name} is no longer Ready, because its claim ${claimName} was deleted or replaced by another one; the controller hashes what is on the new claim, and stages the cache again if the snapshot is not there; wait with: kubectl -n ${namespace} wait --for=condition=Ready mc/${name}`
}
