import type { ClusterView } from '../admission/cluster-view.ts'
import { cacheLabel } from '../api/cache-label.ts'
import { ownsClaim } from '../api/managed-claim.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { sourceIdentity } from '../api/source-identity.ts'
import type { ClusterStores } from '../cluster/stores.ts'
import { objectKey } from '../kube/object-key.ts'
import type { StoredObject } from '../kube/resource.ts'
import { indexStore } from '../kube/store-index.ts'

/** The view that rules read, over the stores: each look-up answers from memory as of the last event. */
export function createClusterView(stores: ClusterStores): ClusterView {
  const byReportedClaim = indexStore(stores.modelCaches, ({ metadata, status }) =>
    status?.claimName === undefined ? undefined : objectKey(metadata.namespace, status.claimName),
  )
  const byClaimName = indexStore(stores.modelCaches, ({ metadata }) =>
    objectKey(metadata.namespace, cacheLabel(metadata.name)),
  )
  const bySource = indexStore(stores.modelCaches, ({ metadata, spec }) => {
    const source = sourceIdentity(spec)
    return source === undefined ? undefined : objectKey(metadata.namespace, source)
  })
  /** What status says comes first: it is written by our controller alone. */
  const modelCacheOfClaim = (namespace: string, claimName: string): ModelCache | undefined => {
    const key = objectKey(namespace, claimName)
    return [...byReportedClaim(key), ...byClaimName(key)].find(cache => ownsClaim(cache, claimName))
  }
  return {
    modelCache: (namespace, name) => stores.modelCaches.get(namespace, name),
    modelCachesOfSource: (namespace, source) => bySource(objectKey(namespace, source)),
    modelCacheOfClaim,
    storageClass: name => stores.storageClasses.get(undefined, name),
    storageClasses: () => stores.storageClasses.values(),
    storageProfile: name => stores.storageProfiles.get(undefined, name),
    claim: (namespace, name) => stores.claims.get(namespace, name),
    namespace: name => stores.namespaces.get(undefined, name),
    consumer: (namespace, name) => stores.consumers.get(namespace, name),
    consumers: indexStore(stores.consumers, namespaceOf),
    resourceQuotas: indexStore(stores.resourceQuotas, namespaceOf),
    inferenceClusters: () => stores.inferenceClusters.values(),
  }
}

function namespaceOf({ metadata }: StoredObject): string | undefined {
  return metadata.namespace
}
