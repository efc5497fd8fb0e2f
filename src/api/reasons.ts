/** What docs/reasons.md says of a reason. */
interface ReasonText {
  /** What triggers it. */
  when: string
  /** A message as kubectl prints it, without the line's beginning, which names the object or the webhook. */
  example: string
  /** What to do. */
  fix: string
}

/**
 * The one list of reasons that a denial or a warning can carry: the type, the metrics label, the causes in a Status,
 * the audit annotation and docs/reasons.md come from it. A reason is part of the API: scripts, dashboards and people
 * rely on it, so it is never renamed. Reasons of rules that are still to come are added with their rules.
 */
export const REASONS = {
  ArtifactSourceAmbiguous: {
    when: 'A ModelCache has more than one member in `spec.artifact.source`, or has one although its backend is ExistingPVC.',
    example: 'exactly one source may be set, found huggingFace s3; keep one and remove the others',
    fix: 'Keep one source. To stage two artifacts, make two ModelCaches; a pod can mount both.',
  },
  ArtifactSourceRequired: {
    when: 'A ModelCache of backend PVC has no member in `spec.artifact.source`.',
    example: 'no source is set; set exactly one of huggingFace, s3, http, oci, inline, configMap',
    fix: 'Say where the bytes come from, or use backend ExistingPVC for a claim that holds them already.',
  },
  CacheNotFound: {
    when: 'A pod names a ModelCache that does not exist in its namespace. Confirmed by a live read.',
    example:
      'there is no ModelCache ml-team/llama-3-3-07b; create it, or correct annotation modelplane.ai/caches (list them with: kubectl -n ml-team get modelcaches)',
    fix: 'Correct the annotation, or create the ModelCache in the namespace of the pod.',
  },
  CacheNotReady: {
    when: 'A pod names a ModelCache that is not Ready, has failed, or is being deleted. Confirmed by a live read.',
    example:
      'ModelCache ml-team/llama-3-3-70b is Hydrating (62%, 87 of 140 GiB); wait with: kubectl -n ml-team wait --for=condition=Ready mc/llama-3-3-70b',
    fix: 'Nothing, for pods of a controller: it tries again until the cache is Ready. For a bare pod, wait as the message says and apply again.',
  },
  ClaimNotFound: {
    when: 'A ModelCache of backend ExistingPVC names a PersistentVolumeClaim that does not exist in its namespace.',
    example:
      'spec.storage.existingPVC: there is no PersistentVolumeClaim ml-team/ops-staged; create it first, or correct the name',
    fix: 'Create the claim before the ModelCache, in the same namespace.',
  },
  ClaimNotShared: {
    when: 'The claim of backend ExistingPVC is neither ReadWriteMany nor ReadOnlyMany.',
    example:
      'spec.storage.existingPVC: PersistentVolumeClaim ml-team/ops-staged is ReadWriteOnce; pods on several nodes need ReadWriteMany or ReadOnlyMany',
    fix: 'Put the bytes on a claim of a class that several nodes can mount.',
  },
  FieldImmutable: {
    when: 'An update changes where the bytes come from, where they lie, or where they are mounted. Credentials (`secretRef`) may change.',
    example: 'storage.backend cannot change after creation; create a ModelCache of another name instead',
    fix: 'Create a second ModelCache, move the workloads to it, and delete the first.',
  },
  InternalError: {
    when: 'A fault in the webhook itself. The request is denied, never let through.',
    example:
      'a fault in the webhook, nothing is wrong with the request itself; find reference 0f0e5f3c-… in the log of modelcache-webhook',
    fix: 'Find the reference in the log of the webhook, and report it.',
  },
  MountNotReadOnly: {
    when: 'A pod that asks for a cache brings a volume or a mount of its claim that is not read-only.',
    example:
      'volume mine uses claim modelcache-llama of cache llama without readOnly: true; set persistentVolumeClaim.readOnly, or remove the volume and let it be injected',
    fix: 'Remove the volume and the mount; they are injected.',
  },
  MountPathConflict: {
    when: 'The mount path of a cache, or a path above or inside it, is taken in a container that would get the mount, or two caches want it.',
    example:
      'container vllm has volume hf-cache at /mnt, in the way of cache llama at /mnt/model; remove it, or choose the containers with annotation modelplane.ai/cache-containers',
    fix: 'Remove the other mount, or give the ModelCache another mount path.',
  },
  MountPathInvalid: {
    when: '`spec.mount.path` is not absolute and clean, or `existingPVC.subPath` is not a folder within its claim.',
    example:
      'must be absolute and clean, without "//", "/./", "/../", ":" or a trailing "/", such as /mnt/model',
    fix: 'Write the path in its plain form.',
  },
  MountPathReserved: {
    when: '`spec.mount.path` is at or above a path that containers need, such as /usr, or inside of /proc, /sys, /dev or the service account token.',
    example: 'would hide files that the container needs; use a path of its own, such as /mnt/model',
    fix: 'Mount it in a place of its own.',
  },
  NoStorageClass: {
    when: 'A ModelCache of backend PVC names no StorageClass, and the cluster has no default one.',
    example:
      'spec.storage.pvc.storageClassName is unset and the cluster has no default StorageClass; name one that supports ReadWriteMany',
    fix: 'Name a class.',
  },
  NotImplemented: {
    when: 'A value, a field or an annotation is reserved by the API and not implemented by this version.',
    example: 'Adapter and Engine are not implemented; use Weights, Tokenizer or Bytes',
    fix: 'Use what the message names.',
  },
  ReferenceInvalid: {
    when: 'An annotation of a pod is malformed: an empty name, one that is no object name, one that is named twice, or a container that the pod does not have.',
    example:
      'annotation modelplane.ai/caches="llama,,chat" has an empty name; list the names of ModelCaches of this namespace, separated by commas',
    fix: 'Correct the annotation in the pod template.',
  },
  SpecInvalid: {
    when: 'The object does not have the shape of its kind. The API server refuses most of these before the webhook sees them.',
    example: 'not a Pod: spec.containers: Invalid input: expected array, received undefined',
    fix: 'Correct the field that the message names.',
  },
  StorageClassNotFound: {
    when: 'A ModelCache names a StorageClass that does not exist. Confirmed by a live read.',
    example:
      'spec.storage.pvc.storageClassName filestore: there is no such StorageClass; name one that supports ReadWriteMany (list them with: kubectl get storageclass)',
    fix: 'Name a class that exists.',
  },
  StorageClassNotRWX: {
    when: 'The StorageClass of a ModelCache cannot do ReadWriteMany, or nobody knows whether it can.',
    example:
      'spec.storage.pvc.storageClassName gp3: it does not support ReadWriteMany, because provisioner ebs.csi.aws.com provides block volumes, attachable to one node only; use a class backed by a shared file system',
    fix: 'Use a class of a shared file system. If the class does support it, an administrator attests: `kubectl annotate storageclass NAME modelplane.ai/access-modes=ReadWriteMany`.',
  },
  StorageMemberMismatch: {
    when: 'The member of `spec.storage` that belongs to the backend is missing, or that of another backend is set.',
    example: 'backend ExistingPVC needs storage.existingPVC; set its name',
    fix: 'Set `pvc` with backend PVC, `existingPVC` with backend ExistingPVC.',
  },
} as const satisfies Record<string, ReasonText>

export type Reason = keyof typeof REASONS
