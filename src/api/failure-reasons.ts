import type { StatusReasonText } from './status-reason-text.ts'

/** Why a snapshot could not be written. `modelcache hydrate` reports one of these. */
export const FAILURE_REASONS = {
  ArchiveInvalid: {
    effect: 'final',
    who: 'author',
    when: 'The file behind the URL looks like an archive but is damaged, cut off, empty or of a format that we cannot unpack, or it has a forbidden entry: a device, a name that leads out of the tree, or a link to anything but a file of the archive.',
    fix: 'Create the archive again as tar, tar.gz, tar.zst or zip, with plain files and folders.',
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
    effect: 'retried',
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
  SecretMalformed: {
    effect: 'retried',
    who: 'author',
    when: 'The key of the Secret holds something else than a token or a URL: it has a line break or a space in it, for example.',
    fix: 'Put the token or the URL alone in the Secret.',
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
    when: 'The source does not say how large it is, such as a server without `Content-Length` or a compressed archive, and the ModelCache does not either.',
    fix: 'Set `spec.storage.pvc.sizeGiB`, or `sha256` of the source if the message asks for that.',
  },
  SnapshotDamaged: {
    effect: 'final',
    who: 'author',
    when: 'A verification found that files of the snapshot differ from what was staged, are missing, or were added.',
    fix: 'Set annotation `modelplane.ai/refetch`: the hydration hashes every file on the volume, and fetches those again that differ. If it comes back, check the storage.',
  },
  SnapshotNotFound: {
    effect: 'final',
    who: 'author',
    when: 'The folder that `modelcache verify` was given has no snapshot.',
    fix: 'Give it a volume, or the folder of a snapshot.',
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
    effect: 'retried',
    who: 'author',
    when: 'The source rejects the token, or needs one.',
    fix: 'Set `secretRef`, or put a token that may read the source in the Secret.',
  },
  VolumeBusy: {
    effect: 'passes',
    who: 'nobody',
    when: 'Another hydration writes to the volume, such as a pod on a node that the cluster has lost.',
    fix: 'Nothing: the hydration tries again. It takes over 20 seconds after the other one has stopped.',
  },
  VolumeFailed: {
    effect: 'passes',
    who: 'administrator',
    when: 'The storage behind the volume has an error: its server is gone, or a disk fails.',
    fix: 'Look at the storage, and at the network between it and the node. The hydration tries again by itself.',
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
    when: 'The volume lacks a file system operation that a snapshot needs: to make folders, to write a file from its start to its end, to read it back and to remove it.',
    fix: 'Use a class backed by a file system: NFS, CephFS, Lustre, EFS or SMB.',
  },
} as const satisfies Readonly<Record<string, StatusReasonText>>

export type FailureReason = keyof typeof FAILURE_REASONS
