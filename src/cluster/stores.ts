import type { ConsumerPod } from '../api/consumer-pod.ts'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { ModelCache } from '../api/modelcache.ts'
import type { Namespace } from '../api/namespace.ts'
import type { PersistentVolumeClaim } from '../api/persistent-volume-claim.ts'
import type { ResourceQuota } from '../api/resource-quota.ts'
import type { StorageClass } from '../api/storage-class.ts'
import type { StorageProfile } from '../api/storage-profile.ts'
import type { Resource, StoredObject } from '../kube/resource.ts'
import type { ReadableStore } from '../kube/store.ts'
import {
  consumerPods,
  inferenceClusters,
  modelCaches,
  namespaces,
  persistentVolumeClaims,
  resourceQuotas,
  storageClasses,
  storageProfiles,
} from './kinds.ts'

/** A store of each kind that rules ask about. */
export interface ClusterStores {
  readonly storageClasses: ReadableStore<StorageClass>
  readonly storageProfiles: ReadableStore<StorageProfile>
  readonly modelCaches: ReadableStore<ModelCache>
  readonly inferenceClusters: ReadableStore<InferenceCluster>
  readonly claims: ReadableStore<PersistentVolumeClaim>
  readonly namespaces: ReadableStore<Namespace>
  readonly resourceQuotas: ReadableStore<ResourceQuota>
  /** Pods that were given caches. */
  readonly consumers: ReadableStore<ConsumerPod>
}

/** The stores of all these kinds, each as it is made for one. */
export function clusterStores(
  make: <T extends StoredObject>(resource: Resource<T>) => ReadableStore<T>,
): ClusterStores {
  return {
    storageClasses: make(storageClasses),
    storageProfiles: make(storageProfiles),
    modelCaches: make(modelCaches),
    inferenceClusters: make(inferenceClusters),
    claims: make(persistentVolumeClaims),
    namespaces: make(namespaces),
    resourceQuotas: make(resourceQuotas),
    consumers: make(consumerPods),
  }
}
