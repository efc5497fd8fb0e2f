import type { Actor } from './status-reasons.ts'

/** What docs/reasons.md says of a reason. */
interface ReasonText {
  /** Whether it denies a request, is a warning, or is a denial for some objects and a warning for others. */
  readonly says: 'denied' | 'warned' | 'both'
  /** Who must act: the author of the manifest, an administrator of the cluster, or nobody. */
  readonly who: Actor
  /** What triggers it. */
  when: string
  /**
   * A message, for reasons that applying a manifest cannot show. The others quote their example in examples/.
   */
  example?: string
  /** What to do. */
  fix: string
}

/**
 * The one list of reasons that a denial or a warning can have. The type, the metrics label, the causes in a
 * Status, the audit annotation and docs/reasons.md all come from it. A reason is part of the API: scripts,
 * dashboards and people rely on it, so we never rename one. A reason is added together with its rule.
 */
export const REASONS = {
  AnnotationNotOnTemplate: {
    says: 'warned',
    who: 'author',
    when: 'A warning: the workload itself has annotation `modelplane.ai/caches`, but none of its pod templates does. Pods only get the metadata of their template.',
    fix: 'Move the annotation to the metadata of the pod template. A LeaderWorkerSet needs it in both templates.',
  },
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
  CacheNotFound: {
    says: 'both',
    who: 'author',
    when: 'A pod names a ModelCache that does not exist in its namespace. Confirmed by a live read.',
    fix: 'Correct the annotation, or create the ModelCache in the namespace of the pod.',
  },
  CacheNotReady: {
    says: 'both',
    who: 'nobody',
    when: 'A pod names a ModelCache that is not Ready, has failed, or is being deleted. Confirmed by a live read. With annotation `modelplane.ai/not-ready: Gate`, the pod is admitted with scheduling gate `modelplane.ai/cache-ready` instead, unless it already has a node.',
    fix: 'Nothing, for pods of a controller: it tries again until the cache is Ready. For a bare pod, wait as the message says and apply again, or let it wait with annotation `modelplane.ai/not-ready: Gate`.',
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
  ClaimProtected: {
    says: 'denied',
    who: 'author',
    when: 'Somebody other than the controller deletes the claim of a ModelCache, or changes its owner references, its volume or its label. A policy denies this, with or without the webhook.',
    example:
      'this claim belongs to a ModelCache, and pods mount it; delete the ModelCache, and the controller deletes the claim',
    fix: 'Delete the ModelCache instead. Administrators may change the claim, with verb `manage-storage` on `modelcaches.modelplane.ai`, which cluster-admin has.',
  },
  ClaimUnfilled: {
    says: 'warned',
    who: 'author',
    when: 'A warning: the claim of backend ExistingPVC has no volume yet, and its StorageClass creates one when the first pod mounts it (`WaitForFirstConsumer`). So the claim is empty, and waiting for the cache would never end.',
    fix: 'Run a Job that mounts the claim and fills it. Then the claim is bound, and the cache turns Ready.',
  },
  ClaimWritable: {
    says: 'denied',
    who: 'author',
    when: 'A pod, an ephemeral container or the template of a Job would mount the claim of a ModelCache writable, and is not its hydration Job. A claim counts as managed if a ModelCache of backend PVC uses it, if it has label `modelplane.ai/modelcache`, or, for the policy that works without the webhook, if its name starts with `modelcache--`.',
    fix: 'Set `readOnly: true` on the volume and on its mounts, or ask for the cache with annotation `modelplane.ai/caches`. For other data, use a claim with another name.',
  },
  ContainersNotChosen: {
    says: 'warned',
    who: 'author',
    when: 'A warning: a pod template has several containers, and none looks like a server: none asks for an accelerator or another device, runs a known engine, or names the mount path. Then all of them get the mounts.',
    fix: 'Name the containers that serve in annotation `modelplane.ai/cache-containers` of the pod template.',
  },
  ControllerLimited: {
    says: 'denied',
    who: 'administrator',
    when: "Somebody with the controller's token does what the controller never does: changes more of a pod than the controller's own annotations and gate, creates a Job that is not a hydration Job, touches other claims, or changes a ModelCache. A policy denies this.",
    example: 'the controller only changes annotations and the gate of a pod',
    fix: "Nothing, as long as the installation is unchanged: the controller never does more. If you see this reason, somebody else has the controller's token. Delete the controller's pods, because their tokens end with them.",
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
  HydrationProtected: {
    says: 'denied',
    who: 'administrator',
    when: "Somebody changes a hydration Job or its pod, deletes the Job, adds an ephemeral container, or gets into the pod by exec, attach or port-forward; or another webhook adds a container that mounts the claim beside the hydrator, or changes the hydrator's image. A policy denies this, with or without the webhook.",
    example:
      'this pod writes the content of a ModelCache, so nobody may get into it; read its log instead, or ask an administrator with verb debug-hydration on modelcaches.modelplane.ai',
    fix: 'Read the log of the pod. To stage a cache again, set its annotation `modelplane.ai/refetch`. To end a Job, delete its ModelCache. Exclude pods with label `app.kubernetes.io/component=hydrator` from injectors. Administrators may change pods with verb `debug-hydration`, and Jobs with verb `manage-storage`, both on `modelcaches.modelplane.ai`, which cluster-admin has.',
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
  InjectionMissing: {
    says: 'denied',
    who: 'administrator',
    when: 'A pod asks for caches, and after all mutating webhooks some of the injected fields are missing.',
    example:
      'this pod asks for llama and is missing the injected fields at spec.volumes, spec.containers[0].volumeMounts; another webhook has removed them, or MutatingWebhookConfiguration modelcache-mutating is missing',
    fix: 'Make sure that MutatingWebhookConfiguration `modelcache-mutating` exists, and that no other webhook removes the fields or adds containers after it.',
  },
  GangReferencesDiffer: {
    says: 'warned',
    who: 'author',
    when: 'A warning: the leader and worker templates of a LeaderWorkerSet name different caches, or only one of them names any.',
    fix: 'Set the same annotation in both templates. Workers read the weights too, although they name no model.',
  },
  HubCacheReadOnly: {
    says: 'warned',
    who: 'author',
    when: 'A warning: a container keeps its downloads inside the mount of a cache, by a variable such as HF_HOME or a flag such as --download-dir. A snapshot has the files of one model, not the layout of a hub cache, and it is read-only.',
    fix: 'Point the variable or the flag elsewhere, such as at an emptyDir, and serve the mount path as the model.',
  },
  InternalError: {
    says: 'denied',
    who: 'administrator',
    when: 'The webhook itself has a bug. The request is denied, and never let through.',
    example:
      'the webhook itself has failed, and the request may be fine; look for reference 0f0e5f3c-… in the log of modelcache-webhook',
    fix: 'Look for the reference in the log of the webhook, and report the bug.',
  },
  KindNotJudged: {
    says: 'warned',
    who: 'author',
    when: 'A warning that only `modelcache review` gives: our annotations are in an object that does not show its pods, such as an InferenceService whose runtime is another object.',
    example:
      'annotation modelplane.ai/caches cannot be reviewed here, because this object does not show which pods its controller creates; review those pods (kubectl get pods -o yaml | modelcache review -f -)',
    fix: 'Review the pods that its controller creates. The webhooks check them in any case.',
  },
  ModelPathMismatch: {
    says: 'warned',
    who: 'author',
    when: 'A warning: the command line of a known engine clearly names a model that is in none of the caches of its pod.',
    fix: 'Name the mount path as the model, so that the engine reads the cache and downloads nothing.',
  },
  MountNotReadOnly: {
    says: 'denied',
    who: 'author',
    when: 'A pod that asks for a cache has its own volume or mount of the claim, and it is not read-only.',
    fix: 'Remove the volume and the mount. The webhook injects them.',
  },
  MountPathConflict: {
    says: 'denied',
    who: 'author',
    when: 'The mount path of a cache, or a path above or inside it, is already used in a container that would get the mount, or by two caches. Or a container sets the environment variable that gives a waiting pod its digest.',
    fix: 'Remove the other mount, or give the ModelCache another mount path.',
  },
  MountPathInvalid: {
    says: 'denied',
    who: 'author',
    when: '`spec.mount.path` is not absolute and clean, or `existingPVC.subPath` is not a folder within its claim.',
    fix: 'Write a plain path.',
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
  NameReserved: {
    says: 'denied',
    who: 'author',
    when: 'A claim, a Job or a pod has a name that starts with `modelcache--`, or a claim has label `modelplane.ai/modelcache`, and the controller has not created it. A policy denies this, with or without the webhook.',
    example:
      'names that start with modelcache-- are reserved for the hydration Jobs of ModelCaches; give this object, or the workload that creates it, another name',
    fix: 'Rename the object, or the workload that its name comes from.',
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
  RecordProtected: {
    says: 'denied',
    who: 'author',
    when: 'Somebody other than the controller changes what a pod says about its caches: annotation `modelplane.ai/injected`, annotations `digest.modelplane.ai/…`, label `modelplane.ai/cache-consumer` or scheduling gate `modelplane.ai/cache-ready`. A policy denies this, with or without the webhook.',
    example:
      'scheduling gate modelplane.ai/cache-ready holds a pod until its caches are Ready, and then the controller removes it; wait for the caches',
    fix: 'Leave them as they are. The controller removes the gate when the caches are Ready. Administrators may change them, with verb `release-pods` on `modelcaches.modelplane.ai`, which cluster-admin has.',
  },
  ReferenceInvalid: {
    says: 'both',
    who: 'author',
    when: 'An annotation of a pod is malformed: an empty name, an invalid object name, a duplicate, a container that the pod does not have, or a value of `modelplane.ai/not-ready` other than Gate.',
    fix: 'Correct the annotation in the pod template.',
  },
  SizeCannotShrink: {
    says: 'denied',
    who: 'author',
    when: 'An update lowers `spec.storage.pvc.sizeGiB`, or removes it: the measured size that would replace it may be smaller.',
    fix: 'Keep the size. To get a smaller claim, create a second ModelCache.',
  },
  SnapshotUnknown: {
    says: 'denied',
    who: 'author',
    when: "A pod mounts a folder of a ModelCache's claim that is not one of its snapshots, according to `resolvedDigest` and `snapshots` of its status. kubelet creates a missing folder, so the pod would start with an empty one. Confirmed by a live read.",
    fix: 'Remove the mount and ask for the cache with annotation `modelplane.ai/caches`. To look at everything on the claim, mount it read-only without `subPath`.',
  },
  SourceAlreadyCached: {
    says: 'warned',
    who: 'author',
    when: 'A warning at creation: another ModelCache in the namespace stages the same source, with the same patterns. Credentials and the kind of the artifact do not count. Confirmed by a live read.',
    fix: 'Let the pods use the existing cache, which any number of pods can mount. Two caches are fine if you need the bytes on two kinds of storage, or at two paths.',
  },
  SourceInvalid: {
    says: 'denied',
    who: 'author',
    when: 'A repository id, revision, glob, URI, URL, OCI reference or inline file does not follow the rules of its kind, or inline files exceed 256 KiB in total.',
    fix: 'Correct the field as the message says.',
  },
  SpecInvalid: {
    says: 'denied',
    who: 'author',
    when: 'The object does not have the shape of its kind. The API server rejects most such objects before the webhook sees them.',
    example: 'not a Pod: spec.containers: Invalid input: expected array, received undefined',
    fix: 'Correct the field that the message names.',
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
} as const satisfies Record<string, ReasonText>

export type Reason = keyof typeof REASONS
