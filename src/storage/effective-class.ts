import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { StorageClass } from '../api/kubernetes/storage-class.ts'
import type { ModelCacheSpec } from '../api/modelcache.ts'
import { defaultStorageClass } from './default-class.ts'
import { thisCluster } from './this-cluster.ts'

/** The StorageClass that a claim of backend PVC gets in the present cluster. */
export interface EffectiveClass {
  /** The requested name of the class; undefined asks for the default class. */
  name: string | undefined
  /** The InferenceCluster that names the class instead of the spec; undefined if the spec does, or nobody. */
  inferenceCluster: string | undefined
  found: StorageClass | undefined
  /** What the answer rests on: the class, or the whole lists from which it was chosen. */
  basis: readonly ({ kind: 'StorageClass'; name: string } | { list: 'InferenceCluster' | 'StorageClass' })[]
}

/** What decides about the class in the cluster. */
export interface ClassLookup {
  get(kind: 'StorageClass', namespace: undefined, name: string): StorageClass | undefined
  list(kind: 'StorageClass'): Iterable<StorageClass>
  list(kind: 'InferenceCluster'): Iterable<InferenceCluster>
}

/**
 * The class that the spec names, otherwise the one that this cluster's InferenceCluster names, otherwise the
 * default class.
 */
export function effectiveClass(
  { storage }: ModelCacheSpec,
  cluster: ClassLookup,
  { clusterName }: { clusterName?: string | undefined },
): EffectiveClass {
  const named = storage.pvc?.storageClassName
  if (named !== undefined) {
    const basis = [{ kind: 'StorageClass', name: named } as const]
    return {
      name: named,
      inferenceCluster: undefined,
      found: cluster.get('StorageClass', undefined, named),
      basis,
    }
  }
  // Whole lists, because a live read may find that another InferenceCluster, and so another class, decides.
  const basis = [{ list: 'InferenceCluster' }, { list: 'StorageClass' }] as const
  const registered = thisCluster(cluster.list('InferenceCluster'), clusterName)
  const name = registered?.spec.storage?.storageClassName
  return name === undefined
    ? { name, inferenceCluster: undefined, found: defaultStorageClass(cluster.list('StorageClass')), basis }
    : {
        name,
        inferenceCluster: registered?.metadata.name,
        found: cluster.get('StorageClass', undefined, name),
        basis,
      }
}
