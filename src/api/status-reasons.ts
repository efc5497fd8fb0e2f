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
  SecretNotFound: {
    when: 'The Secret of `secretRef`, or its key, does not exist.',
    fix: 'Create it in the namespace of the ModelCache.',
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

/** Every reason that the conditions of a ModelCache may have. `docs/reasons.md` shows them. */
export const STATUS_REASONS = {
  ...FAILURE_REASONS,
  ClaimBound: {
    when: 'Backend ExistingPVC: the claim is bound, and its volume can be mounted on many nodes.',
    fix: NOTHING,
  },
  ClaimLost: {
    when: 'Backend ExistingPVC: the claim has lost its volume.',
    fix: 'Restore the volume, or create the claim and the ModelCache again on another one.',
  },
  ClaimNotBound: {
    when: 'Backend ExistingPVC: the claim has no volume yet.',
    fix: 'See why with `kubectl describe pvc`; a claim whose class waits for its first consumer is bound when a pod mounts it.',
  },
  ClaimNotFound: {
    when: 'Backend ExistingPVC: there is no claim of that name in the namespace.',
    fix: 'Create the claim, or delete the ModelCache and create it again with the name of one that exists.',
  },
  ClaimNotShared: {
    when: 'Backend ExistingPVC: the volume can be mounted on one node at a time.',
    fix: 'Use a claim with access mode ReadWriteMany or ReadOnlyMany.',
  },
  ClaimReplaced: {
    when: 'The claim that was staged is gone, or another has its name.',
    fix: 'Delete the ModelCache and create it again, and the controller stages it again.',
  },
  ClaimTerminating: {
    when: 'Backend ExistingPVC: somebody has deleted the claim, and pods that mount it keep it until they end.',
    fix: 'Create a claim of another name, and a ModelCache for it.',
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

export type StatusReason = keyof typeof STATUS_REASONS
