import type { ClusterView } from '../../src/admission/cluster-view.ts'
import { CACHE_CONSUMER } from '../../src/api/names.ts'
import { emptyStores } from '../../src/cluster/fixtures.ts'
import { createClusterView } from '../../src/view/view.ts'
import type { Cluster } from './oracle/cluster.ts'
import { mapAt } from './oracle/json.ts'

/**
 * The product's view of a generated cluster, over the product's own stores. Throws on an object that no watch
 * would store.
 */
export function viewOf(cluster: Cluster): ClusterView {
  // As the API server selects them for the watch.
  const consumers = cluster.pods.filter(pod => mapAt(pod, 'metadata', 'labels')[CACHE_CONSUMER] === 'true')
  const stores = emptyStores()
  fill('StorageClass', stores.StorageClass, cluster.classes)
  fill('StorageProfile', stores.StorageProfile, cluster.profiles)
  fill('ModelCache', stores.ModelCache, cluster.caches)
  fill('InferenceCluster', stores.InferenceCluster, cluster.inferenceClusters)
  fill('PersistentVolumeClaim', stores.PersistentVolumeClaim, cluster.claims)
  fill('Namespace', stores.Namespace, cluster.namespaces)
  fill('Pod', stores.Pod, consumers)
  return createClusterView(stores)
}

function fill(
  kind: string,
  store: { replace(objects: unknown[]): void; malformed(): number },
  objects: unknown[],
): void {
  store.replace(objects)
  if (store.malformed() > 0) throw new Error(`no ${kind} as stored: ${JSON.stringify(objects)}`)
}
