import type { ConsumerPod } from './consumer-pod.ts'
import type { HydrationJob } from './hydration-job.ts'
import type { HydrationPod } from './hydration-pod.ts'
import type { InferenceCluster } from './inference-cluster.ts'
import type { ModelCache } from './modelcache.ts'
import type { Namespace } from './namespace.ts'
import type { PersistentVolume } from './persistent-volume.ts'
import type { PersistentVolumeClaim } from './persistent-volume-claim.ts'
import type { ResourceQuota } from './resource-quota.ts'
import type { StorageClass } from './storage-class.ts'
import type { StorageProfile } from './storage-profile.ts'

/** What is read of each kind that rules ask about. */
export interface RuleKinds {
  InferenceCluster: InferenceCluster
  ModelCache: ModelCache
  Namespace: Namespace
  PersistentVolume: PersistentVolume
  PersistentVolumeClaim: PersistentVolumeClaim
  /** Pods that were given caches, as the injector has labelled them. */
  Pod: ConsumerPod
  ResourceQuota: ResourceQuota
  StorageClass: StorageClass
  /** Of CDI; a cluster may lack the kind, and then there are none. */
  StorageProfile: StorageProfile
}

export type RuleKind = keyof RuleKinds

/** The same, with what controllers ask about besides. */
export interface Kinds extends RuleKinds {
  /** Jobs with the label of hydration. */
  HydrationJob: HydrationJob
  /** Pods with the label of hydration. */
  HydrationPod: HydrationPod
}

export type Kind = keyof Kinds
