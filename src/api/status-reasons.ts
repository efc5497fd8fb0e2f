/**
 * What follows from a reason:
 * - `progress`: nothing is wrong, and the message says how far the work is;
 * - `passes`: it is tried again at once, or it ends when its cause does;
 * - `retried`: the run has ended, and the controller tries again after a pause, or as soon as it sees that
 *   the cause is gone;
 * - `final`: nothing happens until somebody changes the ModelCache, its Secret or its source;
 * - `ok`: the cache is Ready.
 */
export type Effect = 'progress' | 'passes' | 'retried' | 'final' | 'ok'

/** Who must act: the author of the ModelCache, an administrator of the cluster, or nobody. */
export type Actor = 'author' | 'administrator' | 'nobody'

/** The meaning of a reason in a condition of a ModelCache, what follows from it, and what to do about it. */
interface StatusReasonText {
  readonly effect: Effect
  readonly who: Actor
  readonly when: string
  readonly fix: string
}

const NOTHING = 'Nothing.'

/** Why a snapshot could not be written. `modelcache hydrate` reports one of these. */
export const FAILURE_REASONS = {
  ArchiveInvalid: {
    effect: 'final',
    who: 'author',
    when: 'What the URL serves looks like an archive and cannot be unpacked, or has an entry that must not be: a link, a device, a name that leads out of the tree.',
    fix: 'Make the archive again, with plain files and folders.',
  },
  ChecksumMismatch: {
    effect: 'final',
    who: 'author',
    when: 'A file does not have the checksum that the source or the ModelCache gives for it.',
    fix: 'Compare the checksum in the ModelCache with that of the publisher. If it is right, the source serves something else, or a proxy changes it.',
  },
  ConfigMapNotFound: {
    effect: 'retried',
    who: 'author',
    when: 'The ConfigMap of the source does not exist, or is empty.',
    fix: 'Create it in the namespace of the ModelCache.',
  },
  FileNameInvalid: {
    effect: 'final',
    who: 'author',
    when: 'A file of the source has a name that is absolute, leads out of the tree, has control characters, or is too long.',
    fix: 'Rename the file at the source, or leave it out by `exclude`.',
  },
  FileNamesCollide: {
    effect: 'final',
    who: 'author',
    when: 'Two files of the source have one name on this volume, which does not tell upper and lower case apart; or a file has the name of a folder.',
    fix: 'Rename one of them, leave one out by `exclude`, or use a volume that tells them apart.',
  },
  GatedRepository: {
    effect: 'final',
    who: 'author',
    when: 'The repository is gated, and whoever owns the token has not been given access.',
    fix: 'Ask for access on the page of the repository, with the account of the token.',
  },
  Interrupted: {
    effect: 'passes',
    who: 'nobody',
    when: 'The hydration was told to stop before it was done.',
    fix: 'Nothing: the next run takes up where this one stopped.',
  },
  InternalError: {
    effect: 'passes',
    who: 'administrator',
    when: 'The hydration met a fault of its own.',
    fix: 'Read the log of its pod, and report the fault.',
  },
  NoSpace: {
    effect: 'retried',
    who: 'author',
    when: 'The volume is full, or a quota of it is used up. The last complete snapshot is untouched.',
    fix: 'Raise `spec.storage.pvc.sizeGiB`.',
  },
  NotImplemented: {
    effect: 'final',
    who: 'author',
    when: 'This version does not do what the ModelCache asks for.',
    fix: 'Use what the message names.',
  },
  RateLimited: {
    effect: 'passes',
    who: 'nobody',
    when: 'The source asks to be called less often.',
    fix: 'Nothing: the hydration tries again. A token raises the limits of Hugging Face.',
  },
  SecretNotAllowed: {
    effect: 'final',
    who: 'author',
    when: 'The Secret of `secretRef` holds the token of a ServiceAccount of Kubernetes. Who gets that is the account in this cluster, so no source does.',
    fix: 'Put a token of the source into the Secret, and no other.',
  },
  SecretNotFound: {
    effect: 'retried',
    who: 'author',
    when: 'The Secret of `secretRef`, or its key, does not exist.',
    fix: 'Create it in the namespace of the ModelCache.',
  },
  SizeUnknown: {
    effect: 'final',
    who: 'author',
    when: 'The ModelCache gives no size, and the source does not say how large it is: a server without `Content-Length`, a compressed archive.',
    fix: 'Set `spec.storage.pvc.sizeGiB`.',
  },
  SourceChanged: {
    effect: 'passes',
    who: 'nobody',
    when: 'The source has changed while it was fetched.',
    fix: 'Nothing: the hydration begins again with what is there now.',
  },
  SourceNotFound: {
    effect: 'retried',
    who: 'author',
    when: 'The source does not exist: a repository, a revision, a URL; or no file of it matches the patterns.',
    fix: 'Correct the source in a new ModelCache. Hugging Face also says so of private repositories where there is no token.',
  },
  SourceUnavailable: {
    effect: 'passes',
    who: 'nobody',
    when: 'The source cannot be reached, or answers with a fault of its own.',
    fix: 'Nothing: the hydration tries again. If it goes on, see whether the cluster may reach the source, and whether a proxy is needed.',
  },
  Unauthorized: {
    effect: 'final',
    who: 'author',
    when: 'The source rejects the token, or wants one.',
    fix: 'Set `secretRef`, or put a token into the Secret that may read the source.',
  },
  VolumeNotWritable: {
    effect: 'retried',
    who: 'author',
    when: 'The user that hydrates may not write to the volume.',
    fix: 'Set `spec.hydration.securityContext` to a user or group that may.',
  },
  VolumeUnsupported: {
    effect: 'final',
    who: 'author',
    when: 'The volume lacks an operation of a file system that a snapshot needs, as object stores behind FUSE do.',
    fix: 'Use a class backed by a file system: NFS, CephFS, Lustre, EFS or SMB.',
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

export type FailureReason = keyof typeof FAILURE_REASONS

/** Why nothing is staged yet, or cannot be for now. Each one ends by itself when its cause does. */
const WAITING_REASONS = {
  Evicted: {
    effect: 'passes',
    who: 'nobody',
    when: 'The pod that hydrates was evicted from its node, for want of memory or disk there.',
    fix: 'Nothing: the Job makes another pod. If it goes on, set `spec.hydration.resources` or `spec.hydration.nodeSelector`.',
  },
  Hydrating: {
    effect: 'progress',
    who: 'nobody',
    when: 'The artifact is being written onto the claim.',
    fix: 'Wait: `status.progress` says how far it is.',
  },
  HydrationFailed: {
    effect: 'retried',
    who: 'author',
    when: 'The pod that hydrates ended without saying why.',
    fix: 'Read the message, which ends with the last lines of its log.',
  },
  ImagePullFailed: {
    effect: 'retried',
    who: 'administrator',
    when: 'The image of the hydration Job, which is that of the controller, cannot be pulled on the node.',
    fix: 'Set `spec.hydration.imagePullSecrets`, or make the image available to the nodes.',
  },
  Measuring: {
    effect: 'progress',
    who: 'nobody',
    when: 'The ModelCache gives no size, so that a Job asks the source first.',
    fix: 'Wait, or set `spec.storage.pvc.sizeGiB` in a new ModelCache.',
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
    when: 'The pod that hydrates used more memory than its limit.',
    fix: 'Raise `spec.hydration.resources.limits.memory`.',
  },
  PodRejected: {
    effect: 'retried',
    who: 'author',
    when: 'The API server refuses the pod that hydrates: a policy, PodSecurity, a webhook, a ServiceAccount that is not there.',
    fix: 'Do what the message says; `spec.hydration` has what may be set for the pod.',
  },
  PodUnschedulable: {
    effect: 'retried',
    who: 'author',
    when: 'No node may run the pod that hydrates.',
    fix: 'Set `spec.hydration.nodeSelector`, `tolerations` or `resources` so that one may.',
  },
  PodWaiting: {
    effect: 'retried',
    who: 'author',
    when: 'The pod that hydrates cannot start on its node, such as for a volume that cannot be mounted there.',
    fix: 'Do what the message says, which is in the words of the node.',
  },
  Provisioning: {
    effect: 'progress',
    who: 'nobody',
    when: 'The claim is made, and waits for its volume.',
    fix: 'Wait; `kubectl describe pvc` says what the provisioner does.',
  },
  QuotaExceeded: {
    effect: 'retried',
    who: 'administrator',
    when: 'A ResourceQuota of the namespace leaves no room for the claim or for the pod that hydrates.',
    fix: 'Raise the quota, or ask for less: `spec.storage.pvc.sizeGiB`, `spec.hydration.resources`.',
  },
  RequestRejected: {
    effect: 'retried',
    who: 'author',
    when: 'The API server refuses the claim or the Job.',
    fix: 'Do what the message says, which is in the words of the API server.',
  },
  StorageClassNotFound: {
    effect: 'retried',
    who: 'administrator',
    when: 'The StorageClass of the claim does not exist.',
    fix: 'Create the StorageClass, or the ModelCache again with another one.',
  },
  StorageUnprovisioned: {
    effect: 'retried',
    who: 'administrator',
    when: 'The provisioner of the StorageClass reports that it cannot make the volume.',
    fix: 'Do what the message says, which is in the words of the provisioner.',
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

/** Every reason that the conditions of a ModelCache may have. `docs/status-reasons.md` shows them. */
export const STATUS_REASONS = {
  ...FAILURE_REASONS,
  ...WAITING_REASONS,
  ClaimBound: {
    effect: 'ok',
    who: 'nobody',
    when: 'Backend ExistingPVC: the claim is bound, and its volume can be mounted on many nodes.',
    fix: NOTHING,
  },
  ClaimLost: {
    effect: 'final',
    who: 'administrator',
    when: 'The claim has lost its volume.',
    fix: 'Restore the volume, or create the claim and the ModelCache again on another one.',
  },
  ClaimNotBound: {
    effect: 'passes',
    who: 'nobody',
    when: 'Backend ExistingPVC: the claim has no volume yet.',
    fix: 'Wait; `kubectl describe pvc` says what the provisioner does.',
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
    when: 'A claim with the name of the claim of this cache exists, and the controller did not make it. It is never taken over.',
    fix: 'Delete that claim, or give the ModelCache another name.',
  },
  ClaimNotFound: {
    effect: 'retried',
    who: 'author',
    when: 'Backend ExistingPVC: there is no claim of that name in the namespace.',
    fix: 'Create the claim, or delete the ModelCache and create it again with the name of one that exists.',
  },
  ClaimNotShared: {
    effect: 'final',
    who: 'author',
    when: 'Backend ExistingPVC: the volume can be mounted on one node at a time, or its node affinity names one node alone.',
    fix: 'Use a claim with access mode ReadWriteMany or ReadOnlyMany, whose volume all nodes reach.',
  },
  ClaimReplaced: {
    effect: 'final',
    who: 'author',
    when: 'The claim that was staged is gone, or another has its name.',
    fix: 'Delete the ModelCache and create it again, and the controller stages it again.',
  },
  ClaimTerminating: {
    effect: 'retried',
    who: 'author',
    when: 'Somebody has deleted the claim, and pods that mount it keep it until they end.',
    fix: 'Create a claim of another name, and a ModelCache for it. A claim of the controller is made again once it is gone, if nobody has staged onto it yet.',
  },
  ClaimWaitsForConsumer: {
    effect: 'retried',
    who: 'author',
    when: 'Backend ExistingPVC: the class of the claim makes the volume when the first pod mounts the claim (`WaitForFirstConsumer`), and none has. So nothing is on it yet.',
    fix: 'Fill the claim by a Job of yours that mounts it. Then it is bound, and the cache turns Ready.',
  },
  SnapshotComplete: {
    effect: 'ok',
    who: 'nobody',
    when: 'A complete snapshot is on the claim, verified, and pods mount it.',
    fix: NOTHING,
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

export type StatusReason = keyof typeof STATUS_REASONS

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
