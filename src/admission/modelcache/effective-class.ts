import type { ModelCacheSpec } from '../../api/modelcache.ts'
import type { StorageClass } from '../../api/storage-class.ts'
import { defaultStorageClass } from '../../storage/default-class.ts'
import type { ClusterView, ObjectRef } from '../cluster-view.ts'
import type { Policy } from '../policy.ts'
import { thisCluster } from './this-cluster.ts'

/** The StorageClass that a claim of backend PVC gets, as the cluster is now. */
export interface EffectiveClass {
  /** The class that is asked for by name; undefined asks for the default one. */
  name: string | undefined
  /** The InferenceCluster that names it in place of the spec; undefined when the spec does, or nobody. */
  inferenceCluster: string | undefined
  found: StorageClass | undefined
  /** What the answer rests on: the class, or the whole lists from which it is chosen. */
  basis: readonly ObjectRef[]
}

/** The class that the spec names, else the one that this cluster's InferenceCluster names, else the default class. */
export function effectiveClass(
  { storage }: ModelCacheSpec,
  view: ClusterView,
  policy: Pick<Policy, 'clusterName'>,
): EffectiveClass {
  const named = storage.pvc?.storageClassName
  if (named !== undefined) {
    const basis = [{ kind: 'StorageClass', name: named } as const]
    return { name: named, inferenceCluster: undefined, found: view.storageClass(named), basis }
  }
  // Whole lists: a live read may find that another InferenceCluster, and so another class, decides.
  const basis = [{ kind: 'InferenceClusterList' }, { kind: 'StorageClassList' }] as const
  const cluster = thisCluster(view, policy)
  const name = cluster?.spec.storage?.storageClassName
  return name === undefined
    ? { name, inferenceCluster: undefined, found: defaultStorageClass(view.storageClasses()), basis }
    : { name, inferenceCluster: cluster?.metadata.name, found: view.storageClass(name), basis }
}
