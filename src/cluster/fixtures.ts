import type { Kind, Kinds } from '../api/kinds.ts'
import { silentLogger } from '../kube/logger.fixtures.ts'
import type { Resource, StoredObject } from '../kube/resource.ts'
import { createStore, type Store } from '../kube/store.ts'
import { KINDS } from './kinds.ts'

/** A store of each kind, all empty. A test fills them by hand. */
export function emptyStores(logger = silentLogger) {
  const make = <T extends StoredObject>(resource: Resource<T>): Store<T> => createStore({ resource, logger })
  return {
    HydrationJob: make(KINDS.HydrationJob),
    HydrationPod: make(KINDS.HydrationPod),
    InferenceCluster: make(KINDS.InferenceCluster),
    ModelCache: make(KINDS.ModelCache),
    ModelDeployment: make(KINDS.ModelDeployment),
    Namespace: make(KINDS.Namespace),
    Node: make(KINDS.Node),
    PersistentVolume: make(KINDS.PersistentVolume),
    PersistentVolumeClaim: make(KINDS.PersistentVolumeClaim),
    Pod: make(KINDS.Pod),
    ResourceQuota: make(KINDS.ResourceQuota),
    ServingBudget: make(KINDS.ServingBudget),
    ServingDeployment: make(KINDS.ServingDeployment),
    ServingGangs: make(KINDS.ServingGangs),
    ServingService: make(KINDS.ServingService),
    SharedSecret: make(KINDS.SharedSecret),
    StorageClass: make(KINDS.StorageClass),
    StorageProfile: make(KINDS.StorageProfile),
  } satisfies { [K in Kind]: Store<Kinds[K]> }
}
