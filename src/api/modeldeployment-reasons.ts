import type { ReasonText } from './reason-text.ts'

/** Reasons for ModelDeployments. */
export const MODELDEPLOYMENT_REASONS = {
  AcceleratorsExceedNode: {
    says: 'warned',
    who: 'author',
    when: 'A warning: each pod of a ModelDeployment asks for more accelerators than any node of this cluster has, or for a kind that none has.',
    example:
      'each pod gets 8 of nvidia.com/gpu, and no node of this cluster has more than 4 of nvidia.com/gpu; pods wait until such a node joins',
    fix: 'Ask for fewer in `spec.workers.topology.tensor`, and spread the model over several pods with strategy TensorPipeline. If an autoscaler adds such nodes, ignore the warning.',
  },
  DeploymentForbidden: {
    says: 'denied',
    who: 'author',
    when: 'A user creates or changes a ModelDeployment without the right to create Deployments in its namespace. The controller would create one for that user. A policy denies this, with or without the webhook.',
    example:
      'whoever applies a ModelDeployment must be allowed to create Deployments in its namespace; ask an administrator of the namespace for that right, or to apply this ModelDeployment',
    fix: 'Ask for that right (`kubectl auth can-i create deployments`), or ask somebody who has it to apply the ModelDeployment.',
  },
  DeploymentInvalid: {
    says: 'denied',
    who: 'author',
    when: 'A ModelDeployment contradicts itself, or a value has a form that no pod could have: a pipeline without strategy TensorPipeline, a quantity, the name of a variable or of a resource.',
    fix: 'Correct the field that the message names.',
  },
  TopologyMismatch: {
    says: 'warned',
    who: 'author',
    when: 'The arguments of the engine ask for another number of accelerators than `spec.workers.topology` gives to each pod.',
    fix: 'Make both the same. The engine waits for accelerators that it never gets, or leaves some idle.',
  },
} as const satisfies Record<string, ReasonText>

/** Why a ModelDeployment serves, or does not yet: reasons of its conditions. */
export const DEPLOYMENT_STATUS_REASONS = {
  AllServe: {
    when: 'As many instances serve as are wanted.',
    fix: 'Nothing.',
  },
  BootstrapUnknown: {
    when: 'The pods of an engine on several nodes cannot find their leader, because the engine is not one that the controller knows how to start.',
    fix: 'Follow the message, or see [models on several nodes](deployments.md#models-on-several-nodes).',
  },
  CacheFailed: {
    when: 'A cache that it names has Failed.',
    fix: 'Follow the message, which says why: `kubectl describe modelcache`.',
  },
  CacheNotFound: {
    when: 'There is no ModelCache of a name in `spec.caches` in the namespace.',
    fix: 'Create it, or correct the name.',
  },
  CacheNotReady: {
    when: 'A cache that it names is not Ready yet. With several clusters: it is not Ready in any cluster that could serve.',
    fix: 'Wait. The message says how far it is.',
  },
  ClustersNotReady: {
    when: 'A cluster serves with fewer instances than its share.',
    fix: 'Wait, or look at `status.clusters`. The message names the first one.',
  },
  Complete: {
    when: 'All instances run the present spec.',
    fix: 'Nothing.',
  },
  Creating: {
    when: 'The Deployment or the LeaderWorkerSet is being created.',
    fix: 'Wait.',
  },
  KindMissing: {
    when: 'The cluster has no LeaderWorkerSets.',
    fix: 'Have LeaderWorkerSet installed, or choose strategy Tensor.',
  },
  NameTaken: {
    when: 'There is an object of its name that belongs to somebody else.',
    fix: 'Delete that object, or give the ModelDeployment another name.',
  },
  NoCaches: {
    when: '`spec.caches` is empty, so there is nothing to wait for.',
    fix: 'Nothing.',
  },
  NoClusterSelected: {
    when: '`spec.clusterSelector` selects no InferenceCluster.',
    fix: 'Correct the selector, or the labels of the InferenceClusters.',
  },
  PodsNotReady: {
    when: 'Pods do not serve. The message has the words of what holds them up.',
    fix: 'Follow the message: the quota, the scheduler, the image, or the engine itself.',
  },
  Ready: {
    when: 'All caches that it names are Ready.',
    fix: 'Nothing.',
  },
  Rejected: {
    when: 'The API server rejects an object that the controller makes for it. The message has its words.',
    fix: 'Correct the field of the ModelDeployment that the message is about, or ask an administrator about the policy.',
  },
  RollingOut: {
    when: 'Instances start, or are being replaced.',
    fix: 'Wait.',
  },
  SplitAwaited: {
    when: 'It serves in several clusters, and no hub has said yet how many instances each of them has.',
    fix: 'Wait, or install the [hub](fleet.md). Without one, remove `spec.clusterSelector` and `spec.placement`.',
  },
  Starting: {
    when: 'Instances were created, and are not ready yet.',
    fix: 'Wait. An engine reads its model first.',
  },
  Stuck: {
    when: 'Something keeps it from getting on. The message says what.',
    fix: 'Follow the message.',
  },
  TemplateInvalid: {
    when: '`spec.template` is not a pod template.',
    fix: 'Correct the field that the message names.',
  },
} as const satisfies Record<string, { when: string; fix: string }>

export type DeploymentStatusReason = keyof typeof DEPLOYMENT_STATUS_REASONS

/** What a condition of a ModelDeployment says. */
export interface DeploymentCause {
  readonly reason: DeploymentStatusReason
  readonly message: string
}
