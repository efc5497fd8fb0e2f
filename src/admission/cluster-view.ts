import type { ConsumerPod } from '../api/consumer-pod.ts'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { ModelCache } from '../api/modelcache.ts'
import type { Namespace } from '../api/namespace.ts'
import type { PersistentVolumeClaim } from '../api/persistent-volume-claim.ts'
import type { ResourceQuota } from '../api/resource-quota.ts'
import type { StorageClass } from '../api/storage-class.ts'
import type { StorageProfile } from '../api/storage-profile.ts'

/**
 * What rules may know of the cluster: in-memory look-ups, no I/O.
 *
 * The watches behind it can lag, so a rule that finds something missing or not ready says in its decision
 * which objects that rests on (`basisOf`), and the caller confirms them by a live read before it answers.
 */
export interface ClusterView {
  modelCache(namespace: string, name: string): ModelCache | undefined
  /** Those that stage the same source (`sourceIdentity`). */
  modelCachesOfSource(namespace: string, source: string): Iterable<ModelCache>
  /** The ModelCache that owns a claim (`ownsClaim`), at the cost of a look-up. */
  modelCacheOfClaim(namespace: string, claimName: string): ModelCache | undefined
  storageClass(name: string): StorageClass | undefined
  storageClasses(): Iterable<StorageClass>
  /** Undefined also where the cluster does not have the kind. */
  storageProfile(name: string): StorageProfile | undefined
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined
  namespace(name: string): Namespace | undefined
  /** A pod that was given caches. */
  consumer(namespace: string, name: string): ConsumerPod | undefined
  consumers(namespace: string): Iterable<ConsumerPod>
  resourceQuotas(namespace: string): Iterable<ResourceQuota>
  inferenceClusters(): Iterable<InferenceCluster>
}

/** An object, or a whole collection, that a decision rests on. */
export type ObjectRef =
  | { kind: 'ModelCache' | 'PersistentVolumeClaim' | 'Pod'; namespace: string; name: string }
  | { kind: 'StorageClass' | 'StorageProfile' | 'Namespace'; name: string }
  | { kind: 'ConsumerPodList'; namespace: string }
  | { kind: 'StorageClassList' | 'InferenceClusterList' }
