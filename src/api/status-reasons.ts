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
    when: 'The file behind the URL looks like an archive but cannot be unpacked, or it has a forbidden entry: a link, a device, or a name that leads out of the tree.',
    fix: 'Create the archive again, with plain files and folders.',
  },
  ChecksumMismatch: {
    effect: 'final',
    who: 'author',
    when: 'A file does not have the checksum that the source or the ModelCache gives for it.',
    fix: "Compare the checksum in the ModelCache with the publisher's. If it is right, the source serves something else, or a proxy changes it.",
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
    fix: 'Rename the file at the source, or leave it out with `exclude`.',
  },
  FileNamesCollide: {
    effect: 'final',
    who: 'author',
    when: 'Two files of the source have the same name on this volume, which ignores case, or a file has the name of a folder.',
    fix: 'Rename one of them, leave one out with `exclude`, or use a volume that distinguishes case.',
  },
  GatedRepository: {
    effect: 'final',
    who: 'author',
    when: 'The repository is gated, and the owner of the token has no access.',
    fix: 'Ask for access on the page of the repository, with the account that owns the token.',
  },
  Interrupted: {
    effect: 'passes',
    who: 'nobody',
    when: 'The hydration had to stop before it was done.',
    fix: 'Nothing: the next run continues where this one stopped.',
  },
  InternalError: {
    effect: 'passes',
    who: 'administrator',
    when: 'The hydration itself has a bug.',
    fix: 'Read the log of its pod, and report the bug.',
  },
  NoSpace: {
    effect: 'retried',
    who: 'author',
    when: 'The volume is full, or its quota is used up. The last complete snapshot is unchanged.',
    fix: 'Raise `spec.storage.pvc.sizeGiB`.',
  },
  NotImplemented: {
    effect: 'final',
    who: 'author',
    when: 'This version does not do what the ModelCache asks for.',
    fix: 'Use what the message suggests.',
  },
  RateLimited: {
    effect: 'passes',
    who: 'nobody',
    when: 'The source says that there were too many requests.',
    fix: 'Nothing: the hydration tries again. Hugging Face has higher limits for requests with a token.',
  },
  SecretNotAllowed: {
    effect: 'final',
    who: 'author',
    when: 'The Secret of `secretRef` holds the token of a Kubernetes ServiceAccount. Whoever gets it can act as that account in this cluster, so no source gets it.',
    fix: 'Put a token of the source in the Secret.',
  },
  SecretNotFound: {
    effect: 'retried',
    who: 'author',
    when: 'The Secret of `secretRef` or its key does not exist.',
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
    when: 'The source changed while it was fetched.',
    fix: 'Nothing: the hydration starts again with the new content.',
  },
  SourceNotFound: {
    effect: 'retried',
    who: 'author',
    when: 'The repository, revision or URL does not exist, or no file matches the patterns.',
    fix: 'Correct the source in a new ModelCache. Without a token, Hugging Face also says this about private repositories.',
  },
  SourceUnavailable: {
    effect: 'passes',
    who: 'nobody',
    when: 'The source cannot be reached, or has an error of its own.',
    fix: 'Nothing: the hydration tries again. If the problem stays, check whether the cluster may reach the source, and whether it needs a proxy.',
  },
  Unauthorized: {
    effect: 'final',
    who: 'author',
    when: 'The source rejects the token, or needs one.',
    fix: 'Set `secretRef`, or put a token that may read the source in the Secret.',
  },
  VolumeNotWritable: {
    effect: 'retried',
    who: 'author',
    when: 'The user of the hydration Job may not write to the volume.',
    fix: 'Set `spec.hydration.securityContext` to a user or group that may.',
  },
  VolumeUnsupported: {
    effect: 'final',
    who: 'author',
    when: 'The volume lacks a file system operation that a snapshot needs. Object stores behind FUSE are like this.',
    fix: 'Use a class backed by a file system: NFS, CephFS, Lustre, EFS or SMB.',
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

export type FailureReason = keyof typeof FAILURE_REASONS

/** Why nothing is staged yet, or cannot be for now. Each one ends by itself when its cause does. */
const WAITING_REASONS = {
  Evicted: {
    effect: 'passes',
    who: 'nobody',
    when: 'The hydration pod was evicted, because its node ran out of memory or disk.',
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
  Measuring: {
    effect: 'progress',
    who: 'nobody',
    when: 'The ModelCache gives no size, so a Job asks the source first.',
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
    when: 'The hydration pod used more memory than its limit.',
    fix: 'Raise `spec.hydration.resources.limits.memory`.',
  },
  PodRejected: {
    effect: 'retried',
    who: 'author',
    when: 'The API server rejects the hydration pod, because of a policy, PodSecurity, a webhook, or a missing ServiceAccount.',
    fix: 'Do what the message says. `spec.hydration` has the settings of the pod.',
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
    when: 'The hydration pod cannot start on its node, for example because a volume cannot be mounted.',
    fix: 'Do what the message says. It quotes the node.',
  },
  Provisioning: {
    effect: 'progress',
    who: 'nobody',
    when: 'The claim exists, and waits for its volume.',
    fix: 'Wait. `kubectl describe pvc` shows what the provisioner does.',
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
    fix: 'Restore the volume, or create the claim and the ModelCache again with another one.',
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
    when: "A claim with the name of this cache's claim exists, but the controller did not create it. The controller never takes it over.",
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
    effect: 'final',
    who: 'author',
    when: 'The staged claim is gone, or another claim has its name.',
    fix: 'Delete the ModelCache and create it again. Then the controller stages it again.',
  },
  ClaimTerminating: {
    effect: 'retried',
    who: 'author',
    when: 'Somebody has deleted the claim. It stays until the last pod that mounts it has ended.',
    fix: "Create a claim with another name, and a ModelCache for it. If the controller's claim goes before anything was staged, the controller creates it again.",
  },
  ClaimWaitsForConsumer: {
    effect: 'retried',
    who: 'author',
    when: 'Backend ExistingPVC: the class of the claim creates the volume when the first pod mounts it (`WaitForFirstConsumer`), and no pod has. So the claim is still empty.',
    fix: 'Run a Job that mounts the claim and fills it. Then the claim is bound, and the cache turns Ready.',
  },
  SnapshotComplete: {
    effect: 'ok',
    who: 'nobody',
    when: 'A complete, verified snapshot is on the claim, and pods can mount it.',
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
