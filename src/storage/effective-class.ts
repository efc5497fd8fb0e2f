import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { ModelCacheSpec } from '../api/modelcache.ts'
import type { StorageClass } from '../api/storage-class.ts'
import { defaultStorageClass } from './default-class.ts'
import { thisCluster } from './this-cluster.ts'

/** The StorageClass that a claim of backend PVC gets, as the cluster is now. */
export interface EffectiveClass {
  /** The class that is asked for by name; undefined asks for the default one. */
  name: string | undefined
  /** The InferenceCluster that names it in place of the spec; undefined when the spec does, or nobody. */
  inferenceCluster: string | undefined
  found: StorageClass | undefined
  /** What the answer rests on: the class, or the whole lists from which it is chosen. */
  basis: readonly (
    | { kind: 'StorageClass'; name: string }
    | { kind: 'InferenceClusterList' | 'StorageClassList' }
  )[]
}

/** What of the cluster decides about the class. */
export interface ClassLookup {
  storageClass(name: string): StorageClass | undefined
  storageClasses(): Iterable<StorageClass>
  inferenceClusters(): Iterable<InferenceCluster>
}

/** The class that the spec names, else the one that this cluster's InferenceCluster names, else the default class. */
export function effectiveClass(
  { storage }: ModelCacheSpec,
  cluster: ClassLookup,
  { clusterName }: { clusterName?: string | undefined },
): EffectiveClass {
  const named = storage.pvc?.storageClassName
  if (named !== undefined) {
    const basis = [{ kind: 'StorageClass', name: named } as const]
    return { name: named, inferenceCluster: undefined, found: cluster.storageClass(named), basis }
  }
  // Whole lists: a live read may find that another InferenceCluster, and so another class, decides.
  const basis = [{ kind: 'InferenceClusterList' }, { kind: 'StorageClassList' }] as const
  const registered = thisCluster(cluster.inferenceClusters(), clusterName)
  const name = registered?.spec.storage?.storageClassName
  return name === undefined
    ? { name, inferenceCluster: undefined, found: defaultStorageClass(cluster.storageClasses()), basis }
    : { name, inferenceCluster: registered?.metadata.name, found: cluster.storageClass(name), basis }
}
