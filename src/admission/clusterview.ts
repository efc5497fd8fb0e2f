import type { ModelCache } from '../api/modelcache.ts'
import type { Namespace } from '../api/namespace.ts'
import type { PersistentVolumeClaim } from '../api/persistentvolumeclaim.ts'
import type { StorageClass } from '../api/storageclass.ts'

/**
 * What rules may know of the cluster: in-memory look-ups, no I/O.
 *
 * The watches behind it can lag, so a rule that finds something missing or not ready says in its decision
 * which objects that rests on (`Denial.basis`), and the caller confirms them by a live read before it answers.
 */
export interface ClusterView {
  modelCache(namespace: string, name: string): ModelCache | undefined
  /** The ModelCache that owns a claim (`ownsClaim`), at the cost of a look-up. */
  modelCacheOfClaim(namespace: string, claimName: string): ModelCache | undefined
  storageClass(name: string): StorageClass | undefined
  storageClasses(): Iterable<StorageClass>
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined
  namespace(name: string): Namespace | undefined
}

/** An object, or a whole collection, that a denial rests on. */
export type ObjectRef =
  | { kind: 'ModelCache' | 'PersistentVolumeClaim'; namespace: string; name: string }
  | { kind: 'StorageClass'; name: string }
  | { kind: 'StorageClassList' }
