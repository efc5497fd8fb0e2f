import { FAILURE_REASONS } from './failure-reasons.ts'
import { type Effect, NOTHING, type StatusReasonText } from './status-reason-text.ts'

/** Why nothing is staged yet, or cannot be for now. Each one ends by itself when its cause does. */
const WAITING_REASONS = {
  ClusterNotSelected: {
    effect: 'passes',
    who: 'author',
    when: 'The `clusterSelector` leaves out the cluster that the ModelCache is in, and no hub brings it to those that it selects.',
    fix: 'Correct the selector, or the labels of the InferenceClusters. To stage caches in several clusters, install the [hub](fleet.md).',
  },
  CopiesFailed: {
    effect: 'passes',
    who: 'author',
    when: 'The cache has Failed in a cluster that its `clusterSelector` selects. The message names the first one.',
    fix: 'Look at `status.clusters`, and at the ModelCache in that cluster.',
  },
  CopiesNotReady: {
    effect: 'progress',
    who: 'nobody',
    when: 'The cache is not Ready yet in every cluster that its `clusterSelector` selects.',
    fix: 'Wait. `status.clusters` says how far each of them is.',
  },
  DeadlineExceeded: {
    effect: 'retried',
    who: 'administrator',
    when: 'The hydration Job was ended by its `activeDeadlineSeconds`. The controller sets none, so a policy of the cluster has.',
    fix: 'Let the policy leave out Jobs with label `app.kubernetes.io/component: hydrator`, or raise its value.',
  },
  Evicted: {
    effect: 'passes',
    who: 'nobody',
    when: 'The hydration pod was evicted: its node ran out of memory or disk, is being drained, or is gone.',
    fix: 'Nothing: the Job creates another pod. If the problem stays, set `spec.hydration.resources` or `spec.hydration.nodeSelector`.',
  },
  Hydrating: {
    effect: 'progress',
    who: 'nobody',
    when: 'The hydration Job is writing the artifact onto the claim.',
    fix: 'Wait. `status.progress` shows how far it is.',
  },
  HydrationFailed: {
    effect: 'retried',
    who: 'author',
    when: 'The hydration pod ended without saying why.',
    fix: "Read the message. It ends with the last lines of the pod's log.",
  },
  ImagePullFailed: {
    effect: 'retried',
    who: 'administrator',
    when: "The node cannot pull the image of the hydration Job, which is the controller's image.",
    fix: 'Set `spec.hydration.imagePullSecrets`, or make the image available to the nodes.',
  },
  JobSuspended: {
    effect: 'passes',
    who: 'administrator',
    when: 'Somebody else has suspended the hydration Job, for example a queue such as Kueue. The controller resumes a Job once, when it has created it, and never again.',
    fix: 'Wait for the queue. If no queue has suspended it, resume the Job with the command of the message.',
  },
  LimitRangeExceeded: {
    effect: 'retried',
    who: 'author',
    when: 'A LimitRange of the namespace does not let the hydration pod have its CPU or memory.',
    fix: 'Set `spec.hydration.resources` to what the message allows, or raise the LimitRange.',
  },
  Measuring: {
    effect: 'progress',
    who: 'nobody',
    when: 'The ModelCache gives no size, so a Job asks the source first.',
    fix: 'Wait, or set `spec.storage.pvc.sizeGiB` in a new ModelCache.',
  },
  MountFailed: {
    effect: 'retried',
    who: 'administrator',
    when: 'The node cannot mount the volume of the claim.',
    fix: 'Do what the message says. It quotes the node, which quotes the storage driver.',
  },
  NoClusterSelected: {
    effect: 'passes',
    who: 'author',
    when: 'The `clusterSelector` selects no InferenceCluster.',
    fix: 'Correct the selector, or the labels of the InferenceClusters.',
  },
  NoStorageClass: {
    effect: 'retried',
    who: 'administrator',
    when: 'The ModelCache names no StorageClass, and the cluster has no default one.',
    fix: 'Mark a ReadWriteMany StorageClass as the default, or name one in a new ModelCache.',
  },
  OOMKilled: {
    effect: 'retried',
    who: 'author',
    when: 'The hydration pod used more memory than its limit.',
    fix: 'Raise `spec.hydration.resources.limits.memory`.',
  },
  PodRejected: {
    effect: 'retried',
    who: 'author',
    when: 'The API server rejects the hydration pod, for example because its ServiceAccount is missing.',
    fix: 'Do what the message says. `spec.hydration` has the settings of the pod.',
  },
  PodSecurity: {
    effect: 'retried',
    who: 'author',
    when: 'The Pod Security Standard of the namespace does not let the hydration pod run.',
    fix: 'Set `spec.hydration.securityContext` as the message demands. Without one of your own, the pod fits `restricted`.',
  },
  PodUnschedulable: {
    effect: 'retried',
    who: 'author',
    when: 'No node can run the hydration pod.',
    fix: 'Set `spec.hydration.nodeSelector`, `tolerations` or `resources` so that one can.',
  },
  PodWaiting: {
    effect: 'retried',
    who: 'author',
    when: 'The hydration pod cannot start on its node.',
    fix: 'Do what the message says. It quotes the node.',
  },
  PolicyViolated: {
    effect: 'retried',
    who: 'administrator',
    when: 'A policy of the cluster rejects the hydration pod: a webhook such as Kyverno or Gatekeeper, or a ValidatingAdmissionPolicy.',
    fix: 'Do what the message says. It quotes the policy. `spec.hydration` has the settings of the pod.',
  },
  Preempted: {
    effect: 'passes',
    who: 'nobody',
    when: 'The scheduler ended the hydration pod to make room for a pod of higher priority.',
    fix: 'Nothing: the Job creates another pod. If it happens often, set `spec.hydration.priorityClassName`.',
  },
  Provisioning: {
    effect: 'progress',
    who: 'nobody',
    when: 'The claim exists, and waits for its volume.',
    fix: 'Wait. `kubectl describe pvc` shows what the provisioner does.',
  },
  Pruning: {
    effect: 'progress',
    who: 'nobody',
    when: 'A Job removes snapshots that no pod mounts any more. Only `status.hydration.message` says so.',
    fix: 'Wait. The cache stays as it is.',
  },
  Queued: {
    effect: 'passes',
    who: 'administrator',
    when: 'As many hydrations run as option `--max-concurrent-hydrations` of the controller allows, in the cluster or in this namespace. The message says how many caches are before this one.',
    fix: 'Wait. An administrator can raise the limit.',
  },
  QuotaExceeded: {
    effect: 'retried',
    who: 'administrator',
    when: 'A ResourceQuota of the namespace leaves no room for the claim or for the hydration pod.',
    fix: 'Raise the quota, or request less: `spec.storage.pvc.sizeGiB`, `spec.hydration.resources`.',
  },
  RequestRejected: {
    effect: 'retried',
    who: 'author',
    when: 'The API server rejects the claim or the Job.',
    fix: 'Do what the message says. It quotes the API server.',
  },
  StorageClassNotFound: {
    effect: 'retried',
    who: 'administrator',
    when: 'The StorageClass of the claim does not exist.',
    fix: 'Create the StorageClass, or create the ModelCache again with another one.',
  },
  StorageUnprovisioned: {
    effect: 'retried',
    who: 'administrator',
    when: 'The provisioner of the StorageClass reports that it cannot create the volume.',
    fix: 'Do what the message says. It quotes the provisioner.',
  },
  Verifying: {
    effect: 'progress',
    who: 'nobody',
    when: 'Annotation `modelplane.ai/verify` asked for it: a Job hashes every file of the snapshot. Only `status.hydration.message` says so.',
    fix: 'Wait. The cache stays as it is.',
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

/** Every reason that the conditions of a ModelCache may have. `docs/status-reasons.md` shows them. */
export const STATUS_REASONS = {
  ...FAILURE_REASONS,
  ...WAITING_REASONS,
  ClaimBound: {
    effect: 'ok',
    who: 'nobody',
    when: 'Backend ExistingPVC: the claim is bound, and many nodes can mount its volume.',
    fix: NOTHING,
  },
  ClaimLost: {
    effect: 'final',
    who: 'administrator',
    when: 'The claim has lost its volume.',
    fix: 'Bring the volume back. With a claim of the controller, annotation `modelplane.ai/refetch` also helps: the controller creates another claim and stages the cache again. With backend ExistingPVC, create the claim and the ModelCache again.',
  },
  ClaimNotBound: {
    effect: 'passes',
    who: 'nobody',
    when: 'Backend ExistingPVC: the claim has no volume yet.',
    fix: 'Wait. `kubectl describe pvc` shows what the provisioner does.',
  },
  ClaimNotMountable: {
    effect: 'final',
    who: 'author',
    when: 'Backend ExistingPVC: the claim is a raw device (`volumeMode: Block`), which no pod can mount.',
    fix: 'Create a ModelCache over a claim of `volumeMode: Filesystem`.',
  },
  ClaimNotOwned: {
    effect: 'retried',
    who: 'author',
    when: "A claim with the name of this cache's claim exists, but the controller did not create it. The controller takes over a claim without an owner only if it has the label and the class of this cache's claim.",
    fix: 'Delete that claim, or give the ModelCache another name.',
  },
  ClaimNotFound: {
    effect: 'retried',
    who: 'author',
    when: 'Backend ExistingPVC: there is no claim of that name in the namespace.',
    fix: 'Create the claim, or delete the ModelCache and create it again with the name of an existing claim.',
  },
  ClaimNotShared: {
    effect: 'final',
    who: 'author',
    when: 'Backend ExistingPVC: only one node at a time can mount the volume, or its node affinity names a single node.',
    fix: 'Use a claim with access mode ReadWriteMany or ReadOnlyMany and a volume that all nodes can reach.',
  },
  ClaimReplaced: {
    effect: 'progress',
    who: 'nobody',
    when: 'Another claim has the name of the staged one, for example after a restore from a backup.',
    fix: 'Wait. A Job hashes what is on the new claim. If every file of the snapshot is there, the cache turns Ready. Otherwise the controller stages it again.',
  },
  ClaimTerminating: {
    effect: 'retried',
    who: 'author',
    when: 'Somebody has deleted the claim. It stays until the last pod that mounts it has ended.',
    fix: 'End the pods that mount it. Then the controller creates its claim again, and stages the cache. With backend ExistingPVC, create a claim with another name, and a ModelCache for it.',
  },
  ClaimWaitsForConsumer: {
    effect: 'retried',
    who: 'author',
    when: 'Backend ExistingPVC: the class of the claim creates the volume when the first pod mounts it (`WaitForFirstConsumer`), and no pod has. So the claim is still empty.',
    fix: 'Run a Job that mounts the claim and fills it. Then the claim is bound, and the cache turns Ready.',
  },
  CopiesReady: {
    effect: 'ok',
    who: 'nobody',
    when: 'The cache is Ready in every cluster that its `clusterSelector` selects.',
    fix: NOTHING,
  },
  SnapshotComplete: {
    effect: 'ok',
    who: 'nobody',
    when: 'A complete, verified snapshot is on the claim, and pods can mount it.',
    fix: NOTHING,
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

export type StatusReason = keyof typeof STATUS_REASONS

/** The same reason; `HydrationFailed` in place of one that another version wrote. */
export function knownReason(reason: string): StatusReason {
  return rowOf(reason) === undefined ? 'HydrationFailed' : (reason as StatusReason)
}

/** What follows from a reason in a status; undefined if another version wrote the reason. */
export function effectOf(reason: string): Effect | undefined {
  return rowOf(reason)?.effect
}

/** Whether a cache that is not Ready for this reason stays that way until somebody acts. */
export function needsAction(reason: string): boolean {
  const who = rowOf(reason)?.who
  return who !== undefined && who !== 'nobody'
}

function rowOf(reason: string): StatusReasonText | undefined {
  return Object.hasOwn(STATUS_REASONS, reason) ? STATUS_REASONS[reason as StatusReason] : undefined
}
