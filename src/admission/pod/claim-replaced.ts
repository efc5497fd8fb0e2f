import type { ModelCache } from '../../api/modelcache.ts'
import type { ClusterView } from '../cluster-view.ts'

/**
 * Whether the claim that was staged is gone, and perhaps another one has its name: then nobody knows what that holds,
 * whatever the digest in status. Status has no UID before the controller has seen the claim.
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

/** What there is to say of such a cache: the words of a CacheNotReady denial. */
export function claimReplacedText(namespace: string, cache: ModelCache, claimName: string): string {
  const { name } = cache.metadata
  return `ModelCache ${namespace}/${name} is not Ready any more, because its claim ${claimName} was deleted or replaced by another; delete the ModelCache and create it again`
}
