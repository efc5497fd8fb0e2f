/** What a reason of a condition of a ModelCache means, and what to do about it. */
interface StatusReasonText {
  readonly when: string
  readonly fix: string
}

const NOTHING = 'Nothing.'

/** Why a snapshot could not be written: `modelcache hydrate` says one of these. */
export const FAILURE_REASONS = {
  ArchiveInvalid: {
    when: 'What the URL serves looks like an archive and cannot be unpacked, or has an entry that must not be: a link, a device, a name that leads out of the tree.',
    fix: 'Make the archive again, with plain files and folders.',
  },
  ChecksumMismatch: {
    when: 'A file does not have the checksum that the source or the ModelCache gives for it.',
    fix: 'Compare the checksum in the ModelCache with that of the publisher. If it is right, the source serves something else, or a proxy changes it.',
  },
  ConfigMapNotFound: {
    when: 'The ConfigMap of the source does not exist, or is empty.',
    fix: 'Create it in the namespace of the ModelCache.',
  },
  FileNameInvalid: {
    when: 'A file of the source has a name that is absolute, leads out of the tree, has control characters, or is too long.',
    fix: 'Rename the file at the source, or leave it out by `exclude`.',
  },
  FileNamesCollide: {
    when: 'Two files of the source have one name on this volume, which does not tell upper and lower case apart; or a file has the name of a folder.',
    fix: 'Rename one of them, leave one out by `exclude`, or use a volume that tells them apart.',
  },
  GatedRepository: {
    when: 'The repository is gated, and whoever owns the token has not been given access.',
    fix: 'Ask for access on the page of the repository, with the account of the token.',
  },
  Interrupted: {
    when: 'The hydration was told to stop before it was done.',
    fix: 'Nothing: the next run takes up where this one stopped.',
  },
  InternalError: {
    when: 'The hydration met a fault of its own.',
    fix: 'Read the log of its pod, and report the fault.',
  },
  NoSpace: {
    when: 'The volume is full, or a quota of it is used up. The last complete snapshot is untouched.',
    fix: 'Raise `spec.storage.pvc.sizeGiB`.',
  },
  NotImplemented: {
    when: 'This version does not do what the ModelCache asks for.',
    fix: 'Use what the message names.',
  },
  RateLimited: {
    when: 'The source asks to be called less often.',
    fix: 'Nothing: the hydration tries again. A token raises the limits of Hugging Face.',
  },
  SecretNotAllowed: {
    when: 'The Secret of `secretRef` holds the token of a ServiceAccount of Kubernetes. Who gets that is the account in this cluster, so no source does.',
    fix: 'Put a token of the source into the Secret, and no other.',
  },
  SecretNotFound: {
    when: 'The Secret of `secretRef`, or its key, does not exist.',
    fix: 'Create it in the namespace of the ModelCache.',
  },
  SizeUnknown: {
    when: 'The ModelCache gives no size, and the source does not say how large it is: a server without `Content-Length`, a compressed archive.',
    fix: 'Set `spec.storage.pvc.sizeGiB`.',
  },
  SourceChanged: {
    when: 'The source has changed while it was fetched.',
    fix: 'Nothing: the hydration begins again with what is there now.',
  },
  SourceNotFound: {
    when: 'The source does not exist: a repository, a revision, a URL; or no file of it matches the patterns.',
    fix: 'Correct the source in a new ModelCache. Hugging Face also says so of private repositories where there is no token.',
  },
  SourceUnavailable: {
    when: 'The source cannot be reached, or answers with a fault of its own.',
    fix: 'Nothing: the hydration tries again. If it goes on, see whether the cluster may reach the source, and whether a proxy is needed.',
  },
  Unauthorized: {
    when: 'The source rejects the token, or wants one.',
    fix: 'Set `secretRef`, or put a token into the Secret that may read the source.',
  },
  VolumeNotWritable: {
    when: 'The user that hydrates may not write to the volume.',
    fix: 'Set `spec.hydration.securityContext` to a user or group that may.',
  },
  VolumeUnsupported: {
    when: 'The volume lacks an operation of a file system that a snapshot needs, as object stores behind FUSE do.',
    fix: 'Use a class backed by a file system: NFS, CephFS, Lustre, EFS or SMB.',
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

export type FailureReason = keyof typeof FAILURE_REASONS

/** Why nothing is staged yet, or cannot be for now. Each ends by itself when its cause does. */
const WAITING_REASONS = {
  Evicted: {
    when: 'The pod that hydrates was evicted from its node, for want of memory or disk there.',
    fix: 'Nothing: the Job makes another pod. If it goes on, set `spec.hydration.resources` or `spec.hydration.nodeSelector`.',
  },
  Hydrating: {
    when: 'The artifact is being written onto the claim.',
    fix: 'Wait: `status.progress` says how far it is.',
  },
  HydrationFailed: {
    when: 'The pod that hydrates ended without saying why.',
    fix: 'Read the message, which ends with the last lines of its log.',
  },
  ImagePullFailed: {
    when: 'The image of the hydration Job, which is that of the controller, cannot be pulled on the node.',
    fix: 'Set `spec.hydration.imagePullSecrets`, or make the image available to the nodes.',
  },
  Measuring: {
    when: 'The ModelCache gives no size, so that a Job asks the source first.',
    fix: 'Wait, or set `spec.storage.pvc.sizeGiB` in a new ModelCache.',
  },
  NoStorageClass: {
    when: 'The ModelCache names no StorageClass, and the cluster has no default one.',
    fix: 'Mark a ReadWriteMany StorageClass as the default, or name one in a new ModelCache.',
  },
  OOMKilled: {
    when: 'The pod that hydrates used more memory than its limit.',
    fix: 'Raise `spec.hydration.resources.limits.memory`.',
  },
  PodRejected: {
    when: 'The API server refuses the pod that hydrates: a policy, PodSecurity, a webhook, a ServiceAccount that is not there.',
    fix: 'Do what the message says; `spec.hydration` has what may be set for the pod.',
  },
  PodUnschedulable: {
    when: 'No node may run the pod that hydrates.',
    fix: 'Set `spec.hydration.nodeSelector`, `tolerations` or `resources` so that one may.',
  },
  PodWaiting: {
    when: 'The pod that hydrates cannot start on its node, such as for a volume that cannot be mounted there.',
    fix: 'Do what the message says, which is in the words of the node.',
  },
  Provisioning: {
    when: 'The claim is made, and waits for its volume.',
    fix: 'Wait; `kubectl describe pvc` says what the provisioner does.',
  },
  QuotaExceeded: {
    when: 'A ResourceQuota of the namespace leaves no room for the claim or for the pod that hydrates.',
    fix: 'Raise the quota, or ask for less: `spec.storage.pvc.sizeGiB`, `spec.hydration.resources`.',
  },
  RequestRejected: {
    when: 'The API server refuses the claim or the Job.',
    fix: 'Do what the message says, which is in the words of the API server.',
  },
  StorageClassNotFound: {
    when: 'The StorageClass of the claim does not exist.',
    fix: 'Create the StorageClass, or the ModelCache again with another one.',
  },
  StorageUnprovisioned: {
    when: 'The provisioner of the StorageClass reports that it cannot make the volume.',
    fix: 'Do what the message says, which is in the words of the provisioner.',
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

/** Every reason that the conditions of a ModelCache may have. `docs/reasons.md` shows them. */
export const STATUS_REASONS = {
  ...FAILURE_REASONS,
  ...WAITING_REASONS,
  ClaimBound: {
    when: 'Backend ExistingPVC: the claim is bound, and its volume can be mounted on many nodes.',
    fix: NOTHING,
  },
  ClaimLost: {
    when: 'The claim has lost its volume.',
    fix: 'Restore the volume, or create the claim and the ModelCache again on another one.',
  },
  ClaimNotBound: {
    when: 'Backend ExistingPVC: the claim has no volume yet.',
    fix: 'Wait; `kubectl describe pvc` says what the provisioner does.',
  },
  ClaimNotMountable: {
    when: 'Backend ExistingPVC: the claim is a raw device (`volumeMode: Block`), which no pod can mount.',
    fix: 'Create a ModelCache over a claim of `volumeMode: Filesystem`.',
  },
  ClaimNotOwned: {
    when: 'A claim with the name of the claim of this cache exists, and the controller did not make it. It is never taken over.',
    fix: 'Delete that claim, or give the ModelCache another name.',
  },
  ClaimNotFound: {
    when: 'Backend ExistingPVC: there is no claim of that name in the namespace.',
    fix: 'Create the claim, or delete the ModelCache and create it again with the name of one that exists.',
  },
  ClaimNotShared: {
    when: 'Backend ExistingPVC: the volume can be mounted on one node at a time, or its node affinity names one node alone.',
    fix: 'Use a claim with access mode ReadWriteMany or ReadOnlyMany, whose volume all nodes reach.',
  },
  ClaimReplaced: {
    when: 'The claim that was staged is gone, or another has its name.',
    fix: 'Delete the ModelCache and create it again, and the controller stages it again.',
  },
  ClaimTerminating: {
    when: 'Somebody has deleted the claim, and pods that mount it keep it until they end.',
    fix: 'Create a claim of another name, and a ModelCache for it. A claim of the controller is made again once it is gone, if nobody has staged onto it yet.',
  },
  ClaimWaitsForConsumer: {
    when: 'Backend ExistingPVC: the class of the claim makes the volume when the first pod mounts the claim (`WaitForFirstConsumer`), and none has. So nothing is on it yet.',
    fix: 'Fill the claim by a Job of yours that mounts it. Then it is bound, and the cache turns Ready.',
  },
  SnapshotComplete: {
    when: 'A complete snapshot is on the claim, verified, and pods mount it.',
    fix: NOTHING,
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

export type StatusReason = keyof typeof STATUS_REASONS

/** Reasons that say how far it is, and nothing is wrong. */
export const PROGRESS_REASONS: readonly string[] = [
  'Measuring',
  'Provisioning',
  'Hydrating',
] satisfies StatusReason[]

/** Reasons that end by themselves: whoever waits for the cache waits with reason. */
const PASSING_REASONS: readonly string[] = [
  ...PROGRESS_REASONS,
  ...([
    'ClaimNotBound',
    'Evicted',
    'RateLimited',
    'SourceChanged',
    'SourceUnavailable',
  ] satisfies StatusReason[]),
]

/** Whether a cache that is not Ready for this reason stays so until somebody does something. */
export function needsHands(reason: string): boolean {
  return reason in STATUS_REASONS && !PASSING_REASONS.includes(reason)
}

/** Failures that come again however often it is tried, until somebody changes the ModelCache, its Secret or its source. */
export const FINAL_REASONS: readonly StatusReason[] = [
  'ArchiveInvalid',
  'ChecksumMismatch',
  'FileNameInvalid',
  'FileNamesCollide',
  'GatedRepository',
  'NotImplemented',
  'SecretNotAllowed',
  'SizeUnknown',
  'Unauthorized',
  'VolumeUnsupported',
]
