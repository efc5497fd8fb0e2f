import type { ClusterView } from '../admission/clusterview.ts'
import type { ModelCache } from '../api/modelcache.ts'
import type { Namespace } from '../api/namespace.ts'
import type { PersistentVolumeClaim } from '../api/persistentvolumeclaim.ts'
import type { StorageClass } from '../api/storageclass.ts'
import type { ReadableStore } from './store.ts'

/** A store of each kind that rules ask about. */
export interface ClusterStores {
  readonly storageClasses: ReadableStore<StorageClass>
  readonly modelCaches: ReadableStore<ModelCache>
  readonly claims: ReadableStore<PersistentVolumeClaim>
  readonly namespaces: ReadableStore<Namespace>
}

/** The view that rules read, over the stores: each look-up answers from memory as of the last event. */
export function createClusterView(stores: ClusterStores): ClusterView {
  return {
    modelCache: (namespace, name) => stores.modelCaches.get(namespace, name),
    storageClass: name => stores.storageClasses.get(undefined, name),
    storageClasses: () => stores.storageClasses.values(),
    claim: (namespace, name) => stores.claims.get(namespace, name),
    namespace: name => stores.namespaces.get(undefined, name),
  }
}
