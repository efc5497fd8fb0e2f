import type { ReasonText } from './reason-text.ts'

/** Reasons for ModelCaches. */
export const MODELCACHE_REASONS = {
  ArtifactSourceAmbiguous: {
    says: 'denied',
    who: 'author',
    when: 'A ModelCache has more than one member in `spec.artifact.source`, or it has one with backend ExistingPVC.',
    fix: 'Keep one source. To stage two artifacts, create two ModelCaches. A pod can mount both.',
  },
  ArtifactSourceRequired: {
    says: 'denied',
    who: 'author',
    when: 'A ModelCache of backend PVC has no member in `spec.artifact.source`.',
    fix: 'Say where the bytes come from, or use backend ExistingPVC for a claim that already holds them.',
  },
  CacheInUse: {
    says: 'denied',
    who: 'author',
    when: 'Somebody deletes a ModelCache while pods still mount it. Finished pods and pods held at the gate do not count. Confirmed by a live read.',
    fix: 'Delete or scale down the workloads that mount the cache. To delete it anyway, set the annotation. Its pods keep their mounts until they end, and new pods are denied.',
  },
  ClaimNotFound: {
    says: 'denied',
    who: 'author',
    when: 'A ModelCache of backend ExistingPVC names a PersistentVolumeClaim that does not exist in its namespace.',
    fix: 'Create the claim before the ModelCache, in the same namespace.',
  },
  ClaimNotMountable: {
    says: 'denied',
    who: 'author',
    when: 'The claim of backend ExistingPVC is a raw device (`volumeMode: Block`), is being deleted, or has lost its volume. A pod that mounts it would wait forever.',
    fix: 'Put the bytes on a claim of `volumeMode: Filesystem` that stays.',
  },
  ClaimNotShared: {
    says: 'denied',
    who: 'author',
    when: 'The claim of backend ExistingPVC is neither ReadWriteMany nor ReadOnlyMany, or the node affinity of its volume names a single node.',
    fix: 'Put the bytes on a claim of a class that several nodes can mount.',
  },
  ClaimUnfilled: {
    says: 'warned',
    who: 'author',
    when: 'A warning: the claim of backend ExistingPVC has no volume yet, and its StorageClass creates one when the first pod mounts it (`WaitForFirstConsumer`). So the claim is empty, and waiting for the cache would never end.',
    fix: 'Run a Job that mounts the claim and fills it. Then the claim is bound, and the cache turns Ready.',
  },
  ExpansionNotAllowed: {
    says: 'denied',
    who: 'administrator',
    when: '`spec.storage.pvc.sizeGiB` grows, and the StorageClass (the named one, or the default) does not exist or lacks `allowVolumeExpansion: true`. Confirmed by a live read.',
    fix: 'If the driver can expand volumes, an administrator sets `allowVolumeExpansion: true` on the class. Otherwise create a larger ModelCache with another name.',
  },
  FieldImmutable: {
    says: 'denied',
    who: 'author',
    when: 'An update changes where the bytes come from, where they are stored, or where they are mounted. Only credentials (`secretRef`) may change.',
    fix: 'Create a second ModelCache, move the workloads to it, and delete the first.',
  },
  HydrationMetadataInvalid: {
    says: 'denied',
    who: 'author',
    when: 'A label or an annotation of `spec.hydration` has a key or a value that Kubernetes does not accept, or all of them together have more than 16 KiB.',
    fix: 'Write it as Kubernetes demands: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/',
  },
  HydrationMetadataNotAllowed: {
    says: 'denied',
    who: 'author',
    when: 'A label or an annotation of `spec.hydration` is not one that a hydration pod may have, because injectors obey such keys and could add a container beside the hydrator. Keys without a prefix are allowed, because automated systems use a prefix.',
    fix: 'Remove it, or ask an administrator to allow it with option `--hydration-metadata` of webhook and controller, or value `hydrationMetadata` of the chart.',
  },
  MountPathInvalid: {
    says: 'denied',
    who: 'author',
    when: '`spec.mount.path` is not absolute and clean, or `existingPVC.subPath` is not a folder within its claim.',
    fix: 'Write a plain path.',
  },
  MountPathOccupied: {
    says: 'warned',
    who: 'author',
    when: 'A warning: images usually have files at `spec.mount.path`, or programs write there, such as the caches of a home folder, /usr/local/… or /var/lib/…. The mount hides what the image has, and is read-only.',
    fix: 'Use a path of its own, such as /mnt/model. If you mean to hide the folder, ignore the warning.',
  },
  MountPathReserved: {
    says: 'denied',
    who: 'author',
    when: '`spec.mount.path` is at or above a path that containers need, such as /usr, or inside /proc, /sys, /dev or the folder of the service account token.',
    fix: 'Use another path.',
  },
  MutableRevision: {
    says: 'warned',
    who: 'nobody',
    when: 'A warning at creation: the source has a name that usually moves, such as `main` or `master` of a Hugging Face repository, or tag `latest` of an OCI artifact, which is also the default. It is resolved once, and the cache does not follow it.',
    fix: 'Nothing, if any state of the artifact is fine. To choose one, name a commit or a digest. The field is immutable, so to stage a newer state, create a ModelCache with another name.',
  },
  NoInferenceCluster: {
    says: 'warned',
    who: 'administrator',
    when: 'A warning: `spec.clusterSelector` is set, but there is no InferenceCluster to select. Confirmed by a live read.',
    fix: 'Nothing, if you mean this cluster. Otherwise register the clusters as InferenceClusters.',
  },
  NoStorageClass: {
    says: 'denied',
    who: 'administrator',
    when: 'Neither the ModelCache of backend PVC nor the InferenceCluster of this cluster names a StorageClass, and there is no default one.',
    fix: 'Name a class in the ModelCache, or for all ModelCaches in `spec.storage.storageClassName` of the InferenceCluster.',
  },
  NotImplemented: {
    says: 'denied',
    who: 'author',
    when: 'The API reserves a value or a field that this version does not implement, or a pod runs on Windows.',
    fix: 'Use what the message suggests.',
  },
  ReadForbidden: {
    says: 'denied',
    who: 'author',
    when: 'A user sets or changes a Secret or a ConfigMap of a ModelCache, or the source that uses it, without the right to read it, or sets a ServiceAccount of its Job without the right to create pods. The cache would read it for that user. A policy denies this, with or without the webhook.',
    example:
      'the ModelCache names Secrets admin-token, and whoever applies it must be allowed to read them; ask an administrator of the namespace for the right to get them, or to apply this ModelCache',
    fix: 'Ask for the right to get that Secret (`kubectl auth can-i get secret/NAME`), or ask somebody with that right to apply the ModelCache.',
  },
  SizeCannotShrink: {
    says: 'denied',
    who: 'author',
    when: 'An update lowers `spec.storage.pvc.sizeGiB`, or removes it: the measured size that would replace it may be smaller.',
    fix: 'Keep the size. To get a smaller claim, create a second ModelCache.',
  },
  SourceAlreadyCached: {
    says: 'warned',
    who: 'author',
    when: 'A warning at creation: another ModelCache in the namespace stages the same source, with the same patterns. Credentials and the kind of the artifact do not count. Confirmed by a live read.',
    fix: 'Let the pods use the existing cache, which any number of pods can mount. Two caches are fine if you need the bytes on two kinds of storage, or at two paths.',
  },
  SizeRequired: {
    says: 'denied',
    who: 'author',
    when: 'The source is a compressed archive (tar.gz or tar.zst), and the ModelCache of backend PVC gives no size. Nobody knows how large such an archive is before it is unpacked.',
    fix: 'Set `spec.storage.pvc.sizeGiB` to at least the size of the unpacked files.',
  },
  SourceInvalid: {
    says: 'denied',
    who: 'author',
    when: 'A repository id, revision, glob, URI, URL, OCI reference or inline file does not follow the rules of its kind, or inline files exceed 256 KiB in total.',
    fix: 'Correct the field as the message says.',
  },
  StorageClassNotFound: {
    says: 'denied',
    who: 'administrator',
    when: 'The ModelCache names a StorageClass that does not exist, or names none and the InferenceCluster of this cluster names one that does not exist. Confirmed by a live read.',
    fix: 'Name a class that exists.',
  },
  StorageClassNotRWX: {
    says: 'both',
    who: 'administrator',
    when: 'The StorageClass that a ModelCache names, or gets from the InferenceCluster or by default, does not support ReadWriteMany, or nobody knows whether it does. ModelCache asks, in this order: the annotation below, a StorageProfile of the Containerized Data Importer, the table of known provisioners.',
    fix: 'Use a class with a shared file system. If the class does support ReadWriteMany, an administrator can attest that: `kubectl annotate storageclass NAME modelplane.ai/access-modes=ReadWriteMany`.',
  },
  StorageMemberMismatch: {
    says: 'denied',
    who: 'author',
    when: '`spec.storage` lacks the member of its backend, or has the member of another backend.',
    fix: 'Set `pvc` with backend PVC, `existingPVC` with backend ExistingPVC.',
  },
  StorageQuotaExceeded: {
    says: 'warned',
    who: 'administrator',
    when: 'A warning: a ResourceQuota of the namespace has no room for the claim of a new ModelCache, or for its growth. This compares `requests.storage` and `persistentvolumeclaims`, for all claims and for those of its StorageClass, with what the quota controller counted last.',
    fix: 'Delete claims that nobody needs, or ask an administrator to raise the quota. The controller creates the claim as soon as there is room.',
  },
} as const satisfies Readonly<Record<string, ReasonText>>
