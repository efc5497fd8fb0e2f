import type { KnownDeployment } from './condensed-deployment.ts'
import type { InferenceCluster } from './inference-cluster.ts'
import type { ConsumerPod } from './kubernetes/consumer-pod.ts'
import type { HydrationJob } from './kubernetes/hydration-job.ts'
import type { HydrationPod } from './kubernetes/hydration-pod.ts'
import type { Namespace } from './kubernetes/namespace.ts'
import type { Node } from './kubernetes/node.ts'
import type { PersistentVolume } from './kubernetes/persistent-volume.ts'
import type { PersistentVolumeClaim } from './kubernetes/persistent-volume-claim.ts'
import type { ResourceQuota } from './kubernetes/resource-quota.ts'
import type { ServingObject, ServingWorkload } from './kubernetes/serving-objects.ts'
import type { SharedSecret } from './kubernetes/shared-secret.ts'
import type { StorageClass } from './kubernetes/storage-class.ts'
import type { StorageProfile } from './kubernetes/storage-profile.ts'
import type { ModelCache } from './modelcache.ts'

/** What we read of each kind that rules ask about. */
export interface RuleKinds {
  InferenceCluster: InferenceCluster
  ModelCache: ModelCache
  Namespace: Namespace
  Node: Node
  PersistentVolume: PersistentVolume
  PersistentVolumeClaim: PersistentVolumeClaim
  /** Pods that got caches, as the injector has labeled them. */
  Pod: ConsumerPod
  ResourceQuota: ResourceQuota
  StorageClass: StorageClass
  /** A kind of CDI. A cluster may lack it, and then there are none. */
  StorageProfile: StorageProfile
}

export type RuleKind = keyof RuleKinds

/** The same, and what only controllers ask about. */
export interface Kinds extends RuleKinds {
  /** Jobs with the label of hydration. */
  HydrationJob: HydrationJob
  /** Pods with the label of hydration. */
  HydrationPod: HydrationPod
  ModelDeployment: KnownDeployment
  /** Secrets with the label that lets the hub copy them. */
  SharedSecret: SharedSecret
  /** The Deployments of ModelDeployments, with their label. */
  ServingDeployment: ServingWorkload
  /** Their LeaderWorkerSets. A cluster may lack the kind, and then there are none. */
  ServingGangs: ServingWorkload
  /** Their Services. */
  ServingService: ServingObject
  /** Their PodDisruptionBudgets. */
  ServingBudget: ServingObject
}

export type Kind = keyof Kinds
