import { pino } from 'pino'
import type { ClusterView } from '../../src/admission/clusterview.ts'
import { CACHE_CONSUMER } from '../../src/api/annotations.ts'
import {
  consumerPods,
  inferenceClusters,
  modelCaches,
  namespaces,
  persistentVolumeClaims,
  type Resource,
  resourceQuotas,
  type StoredObject,
  storageClasses,
  storageProfiles,
} from '../../src/cluster/resource.ts'
import { createStore, type ReadableStore } from '../../src/cluster/store.ts'
import { createClusterView } from '../../src/cluster/view.ts'
import type { Cluster } from './oracle/cluster.ts'
import { mapAt } from './oracle/json.ts'

const logger = pino({ level: 'silent' })

/** The product's view of a generated cluster, over the product's own stores. Throws on what no watch would hold. */
export function viewOf(cluster: Cluster): ClusterView {
  // As the API server selects them for the watch.
  const consumers = cluster.pods.filter(pod => mapAt(pod, 'metadata', 'labels')[CACHE_CONSUMER] === 'true')
  return createClusterView({
    storageClasses: storeOf(storageClasses, cluster.classes),
    storageProfiles: storeOf(storageProfiles, cluster.profiles),
    modelCaches: storeOf(modelCaches, cluster.caches),
    inferenceClusters: storeOf(inferenceClusters, cluster.inferenceClusters),
    claims: storeOf(persistentVolumeClaims, cluster.claims),
    namespaces: storeOf(namespaces, cluster.namespaces),
    resourceQuotas: storeOf(resourceQuotas, []),
    consumers: storeOf(consumerPods, consumers),
  })
}

function storeOf<T extends StoredObject>(resource: Resource<T>, objects: unknown[]): ReadableStore<T> {
  const store = createStore({ resource, logger })
  store.replace(objects)
  if (store.malformed() > 0) throw new Error(`no ${resource.kind} as stored: ${JSON.stringify(objects)}`)
  return store
}
