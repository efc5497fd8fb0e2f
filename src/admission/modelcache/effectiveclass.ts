import type { ModelCacheSpec } from '../../api/modelcache.ts'
import type { StorageClass } from '../../api/storageclass.ts'
import { defaultStorageClass } from '../../storage/defaultclass.ts'
import type { ClusterView, ObjectRef } from '../clusterview.ts'

/** The StorageClass that a claim of backend PVC gets, as the cluster is now. */
export interface EffectiveClass {
  /** The class that the spec names; undefined asks for the default one. */
  name: string | undefined
  found: StorageClass | undefined
  /** What the answer rests on: the class, or the whole list from which the default is chosen. */
  basis: readonly ObjectRef[]
}

/** The class that is named, else the cluster's default. */
export function effectiveClass({ storage }: ModelCacheSpec, view: ClusterView): EffectiveClass {
  const name = storage.pvc?.storageClassName
  return name === undefined
    ? { name, found: defaultStorageClass(view.storageClasses()), basis: [{ kind: 'StorageClassList' }] }
    : { name, found: view.storageClass(name), basis: [{ kind: 'StorageClass', name }] }
}
