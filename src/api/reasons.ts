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
    when: 'A warning: a workload carries `modelplane.ai/caches` itself, and no pod template of it does. Pods get the metadata of their template only.',
    fix: 'Move the annotation to the metadata of the pod template; on a LeaderWorkerSet, of both.',
  },
  ArtifactSourceAmbiguous: {
    says: 'denied',
    who: 'author',
    when: 'A ModelCache has more than one member in `spec.artifact.source`, or has one although its backend is ExistingPVC.',
    fix: 'Keep one source. To stage two artifacts, make two ModelCaches; a pod can mount both.',
  },
  ArtifactSourceRequired: {
    says: 'denied',
    who: 'author',
    when: 'A ModelCache of backend PVC has no member in `spec.artifact.source`.',
    fix: 'Say where the bytes come from, or use backend ExistingPVC for a claim that holds them already.',
  },
  CacheInUse: {
    says: 'denied',
    who: 'author',
    when: 'A ModelCache is deleted while pods mount it: such that have not ended, nor wait at the scheduling gate for it. Confirmed by a live read.',
    fix: 'Delete or scale down what mounts the cache. To delete it all the same, set the annotation; its pods keep what they have until they end, and new ones are refused.',
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
    when: 'A pod names a ModelCache that is not Ready, has failed, or is being deleted. Confirmed by a live read. With annotation `modelplane.ai/not-ready: Gate` such a pod is admitted with scheduling gate `modelplane.ai/cache-ready` instead, unless it has a node already.',
    fix: 'Nothing, for pods of a controller: it tries again until the cache is Ready. For a bare pod, wait as the message says and apply again, or let it wait by annotation `modelplane.ai/not-ready: Gate`.',
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
    when: 'The claim of backend ExistingPVC is a raw device (`volumeMode: Block`), is being deleted, or has lost its volume: a pod that mounts it would wait forever.',
    fix: 'Put the bytes on a claim of `volumeMode: Filesystem` that stays.',
  },
  ClaimNotShared: {
    says: 'denied',
    who: 'author',
    when: 'The claim of backend ExistingPVC is neither ReadWriteMany nor ReadOnlyMany, or the node affinity of its volume names one node alone.',
    fix: 'Put the bytes on a claim of a class that several nodes can mount.',
  },
  ClaimProtected: {
    says: 'denied',
    who: 'author',
    when: 'Somebody else than the controller deletes the claim of a ModelCache, or changes its owner references, its volume or its label. A policy says so, with or without the webhook.',
    example:
      'this is the claim of a ModelCache, which pods mount; delete the ModelCache, and the controller deletes the claim',
    fix: 'Delete the ModelCache instead. An administrator may do all of it, by verb `manage-storage` on `modelcaches.modelplane.ai`, which cluster-admin has.',
  },
  ClaimUnfilled: {
    says: 'warned',
    who: 'author',
    when: 'A warning: the claim of backend ExistingPVC has no volume yet, and its StorageClass makes one when the first pod mounts it (`WaitForFirstConsumer`). So nothing is on it, and nobody may wait for the cache.',
    fix: 'Fill the claim by a Job of yours that mounts it. Then it is bound, and the cache turns Ready.',
  },
  ClaimWritable: {
    says: 'denied',
    who: 'author',
    when: 'Somebody else than the hydration Job of a ModelCache would mount its claim writable: a pod, an ephemeral container, or a Job by its template. A claim is managed when a ModelCache of backend PVC has it, when it is labelled `modelplane.ai/modelcache`, or, for the policy that holds without the webhook, when its name begins with `modelcache--`.',
    fix: 'Set `readOnly: true` on the volume and on its mounts, or ask for the cache by annotation `modelplane.ai/caches`. To keep other data, use a claim of another name.',
  },
  ContainersNotChosen: {
    says: 'warned',
    who: 'author',
    when: 'A warning: a pod template has several containers, and none shows that it reads the weights: none asks for an accelerator or another device, runs a known engine, or names the mount path. All of them get the mounts then.',
    fix: 'Name the containers that serve in annotation `modelplane.ai/cache-containers` of the pod template.',
  },
  ControllerLimited: {
    says: 'denied',
    who: 'administrator',
    when: 'Somebody with the token of the controller does what the controller never does: changes something else of a pod than its own annotations and gate, makes a Job that is no hydration Job, touches other claims, or changes a ModelCache. A policy says so.',
    example: 'the controller changes annotations and the gate of a pod, and nothing else',
    fix: 'Nothing, in an installation as shipped: the controller asks for no more. If it is met, somebody else has the token of the controller; delete its pods, whose tokens end with them.',
  },
  ExpansionNotAllowed: {
    says: 'denied',
    who: 'administrator',
    when: '`spec.storage.pvc.sizeGiB` grows, and the StorageClass (the one named, else the default) does not exist or lacks `allowVolumeExpansion: true`. Confirmed by a live read.',
    fix: 'If the driver can expand volumes, an administrator sets `allowVolumeExpansion: true` on the class. Otherwise create a larger ModelCache of another name.',
  },
  FieldImmutable: {
    says: 'denied',
    who: 'author',
    when: 'An update changes where the bytes come from, where they lie, or where they are mounted. Credentials (`secretRef`) may change.',
    fix: 'Create a second ModelCache, move the workloads to it, and delete the first.',
  },
  HydrationProtected: {
    says: 'denied',
    who: 'administrator',
    when: 'Somebody changes a hydration Job or its pod, deletes the Job, adds an ephemeral container, or gets into the pod by exec, attach or port-forward; or a webhook puts a container beside the hydrator that mounts the claim, or gives that another image. A policy says so, with or without the webhook.',
    example:
      'this pod writes what a ModelCache serves, so nobody gets into it; read its log instead, or let an administrator with verb debug-hydration on modelcaches.modelplane.ai look',
    fix: 'Read the log of the pod. To stage a cache again, set its annotation `modelplane.ai/refetch`; to end a Job, delete its ModelCache. Keep injectors away from pods with label `app.kubernetes.io/component=hydrator`. An administrator may change pods by verb `debug-hydration`, and Jobs by `manage-storage`, both on `modelcaches.modelplane.ai`, which cluster-admin has.',
  },
  HydrationMetadataInvalid: {
    says: 'denied',
    who: 'author',
    when: 'A label or an annotation of `spec.hydration` has a key or a value that Kubernetes does not take, or all of them together have more than 16 KiB.',
    fix: 'Write it as Kubernetes wants it: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/',
  },
  HydrationMetadataNotAllowed: {
    says: 'denied',
    who: 'author',
    when: 'A label or an annotation of `spec.hydration` is none of those that a hydration pod may have: injectors obey them, and would put a container beside the hydrator. Keys without a prefix are allowed, for automated systems use a prefix.',
    fix: 'Leave it out, or have an administrator allow it: option `--hydration-metadata` of webhook and controller, value `hydrationMetadata` of the chart.',
  },
  InjectionMissing: {
    says: 'denied',
    who: 'administrator',
    when: 'A pod asks for caches and lacks, after every mutating webhook, some of what was to be injected.',
    example:
      'this pod asks for llama and lacks what was to be injected at spec.volumes, spec.containers[0].volumeMounts; another webhook has removed it, or MutatingWebhookConfiguration modelcache-mutating is not in place',
    fix: 'See that the MutatingWebhookConfiguration `modelcache-mutating` exists, and that no other webhook takes away or adds containers after it.',
  },
  GangReferencesDiffer: {
    says: 'warned',
    who: 'author',
    when: 'A warning: the leader and worker templates of a LeaderWorkerSet name different caches, or only one of them names any.',
    fix: 'Give both templates the same annotation: workers read the weights too, although they name no model.',
  },
  HubCacheReadOnly: {
    says: 'warned',
    who: 'author',
    when: 'A warning: a container that gets a cache keeps its downloads within the mount of it, by a variable such as HF_HOME or a flag such as --download-dir. A snapshot has the files of one model, not the layout of a hub cache, and is read-only.',
    fix: 'Point the variable or the flag elsewhere, such as at an emptyDir, and serve the mount path as the model.',
  },
  InternalError: {
    says: 'denied',
    who: 'administrator',
    when: 'A fault in the webhook itself. The request is denied, never let through.',
    example:
      'the webhook has a fault, and the request itself may be right; find reference 0f0e5f3c-… in the log of modelcache-webhook',
    fix: 'Find the reference in the log of the webhook, and report it.',
  },
  KindNotJudged: {
    says: 'warned',
    who: 'author',
    when: 'A warning of `modelcache review` alone: annotations of ours stand in an object of a kind whose pods do not show in it, such as an InferenceService whose runtime is another object.',
    example:
      'annotation modelplane.ai/caches is seen, and cannot be judged: which pods its controller makes of it does not show; review those pods (kubectl get pods -o yaml | modelcache review -f -)',
    fix: 'Review the pods that come of it. The webhooks judge those in any case.',
  },
  ModelPathMismatch: {
    says: 'warned',
    who: 'author',
    when: 'A warning: the command line of a recognised engine visibly names a model that lies in none of the caches of its pod.',
    fix: 'Name the mount path as the model, so that the engine reads the cache and downloads nothing.',
  },
  MountNotReadOnly: {
    says: 'denied',
    who: 'author',
    when: 'A pod that asks for a cache brings a volume or a mount of its claim that is not read-only.',
    fix: 'Remove the volume and the mount; they are injected.',
  },
  MountPathConflict: {
    says: 'denied',
    who: 'author',
    when: 'The mount path of a cache, or a path above or inside it, is taken in a container that would get the mount, or two caches want it; or a container sets the environment variable from which a pod that waits at the gate takes the digest.',
    fix: 'Remove the other mount, or give the ModelCache another mount path.',
  },
  MountPathInvalid: {
    says: 'denied',
    who: 'author',
    when: '`spec.mount.path` is not absolute and clean, or `existingPVC.subPath` is not a folder within its claim.',
    fix: 'Write the path in its plain form.',
  },
  MountPathReserved: {
    says: 'denied',
    who: 'author',
    when: '`spec.mount.path` is at or above a path that containers need, such as /usr, or inside of /proc, /sys, /dev or the service account token.',
    fix: 'Mount it in a place of its own.',
  },
  MutableRevision: {
    says: 'warned',
    who: 'nobody',
    when: 'A warning, at creation: the source goes by a name that is known to move, `main` or `master` of a Hugging Face repository, or tag `latest` of an OCI artifact, also where none is written. It is resolved once, and the cache does not follow it.',
    fix: 'Nothing, if any state of the artifact will do. To know which one, name a commit or a digest. The field is immutable: to stage a newer state, create a ModelCache of another name.',
  },
  NameReserved: {
    says: 'denied',
    who: 'author',
    when: 'A claim, a Job or a pod has a name that begins with `modelcache--`, or a claim has the label `modelplane.ai/modelcache`, and the controller has not made it. A policy says so, with or without the webhook.',
    example:
      'names that begin with modelcache-- are those of the hydration Jobs of ModelCaches; give this object, or the workload that makes it, another name',
    fix: 'Rename the object, or the workload whose pods are named after it.',
  },
  NoInferenceCluster: {
    says: 'warned',
    who: 'administrator',
    when: 'A warning: `spec.clusterSelector` is set, and there is no InferenceCluster that it could select. Confirmed by a live read.',
    fix: 'Nothing, if this cluster is the one that is meant. Otherwise register the clusters as InferenceClusters.',
  },
  NoStorageClass: {
    says: 'denied',
    who: 'administrator',
    when: 'A ModelCache of backend PVC names no StorageClass, nor does the InferenceCluster of this cluster, and there is no default one.',
    fix: 'Name a class, in the ModelCache or, for all that name none, in `spec.storage.storageClassName` of the InferenceCluster.',
  },
  NotImplemented: {
    says: 'denied',
    who: 'author',
    when: 'A value or a field is reserved by the API and not implemented by this version, or a pod runs on Windows.',
    fix: 'Use what the message names.',
  },
  ReadForbidden: {
    says: 'denied',
    who: 'author',
    when: 'Somebody sets or changes a Secret or a ConfigMap of a ModelCache, or the source that it is for, without the right to read it; or a ServiceAccount of its Job, without the right to make pods. The cache would read it in their place. A policy says so, with or without the webhook.',
    example:
      'the ModelCache names Secrets admin-token, which whoever applies it must be allowed to read; ask an administrator of the namespace for the right to get them, or to apply this ModelCache',
    fix: 'Ask for the right to get that Secret (`kubectl auth can-i get secret/NAME`), or have somebody apply the ModelCache who has it.',
  },
  RecordProtected: {
    says: 'denied',
    who: 'author',
    when: 'Somebody else than the controller changes what a pod says of the caches that it was given: annotation `modelplane.ai/injected`, annotations `digest.modelplane.ai/…`, label `modelplane.ai/cache-consumer` or scheduling gate `modelplane.ai/cache-ready`. A policy says so, with or without the webhook.',
    example:
      'scheduling gate modelplane.ai/cache-ready holds a pod until its caches are Ready, and the controller lifts it then; wait for the caches',
    fix: 'Leave them as they are; the controller lifts the gate when the caches are Ready. An administrator may do all of it, by verb `release-pods` on `modelcaches.modelplane.ai`, which cluster-admin has.',
  },
  ReferenceInvalid: {
    says: 'both',
    who: 'author',
    when: 'An annotation of a pod is malformed: an empty name, one that is no object name, one that is named twice, a container that the pod does not have, or a value of `modelplane.ai/not-ready` other than Gate.',
    fix: 'Correct the annotation in the pod template.',
  },
  SizeCannotShrink: {
    says: 'denied',
    who: 'author',
    when: 'An update lowers `spec.storage.pvc.sizeGiB`, or removes it once it was set: the measured size that would take its place may be less.',
    fix: 'Keep the size. To get a smaller claim, create a second ModelCache.',
  },
  SnapshotUnknown: {
    says: 'denied',
    who: 'author',
    when: 'A pod mounts a folder of the claim of a ModelCache that is no snapshot of it, by `resolvedDigest` and `snapshots` of its status. kubelet makes a folder that is missing, so the pod would start on an empty one. Confirmed by a live read.',
    fix: 'Remove the mount and ask for the cache by annotation `modelplane.ai/caches`. To look at all that is on the claim, mount it read-only without `subPath`.',
  },
  SourceAlreadyCached: {
    says: 'warned',
    who: 'author',
    when: 'A warning, at creation: another ModelCache of the namespace stages the same source, with the same patterns; credentials and the kind of the artifact do not count. Confirmed by a live read.',
    fix: 'Let the pods use the cache that is there; any number can mount it. Two are right where the bytes must lie on two kinds of storage, or at two paths.',
  },
  SourceInvalid: {
    says: 'denied',
    who: 'author',
    when: 'A repository id, revision, glob, URI, URL, OCI reference or inline file is not written as its kind demands, or inline files exceed 256 KiB in all.',
    fix: 'Correct the field as the message says.',
  },
  SpecInvalid: {
    says: 'denied',
    who: 'author',
    when: 'The object does not have the shape of its kind. The API server refuses most of these before the webhook sees them.',
    example: 'not a Pod: spec.containers: Invalid input: expected array, received undefined',
    fix: 'Correct the field that the message names.',
  },
  StorageClassNotFound: {
    says: 'denied',
    who: 'administrator',
    when: 'A ModelCache, or for one that names no StorageClass the InferenceCluster of this cluster, names one that does not exist. Confirmed by a live read.',
    fix: 'Name a class that exists.',
  },
  StorageClassNotRWX: {
    says: 'both',
    who: 'administrator',
    when: 'The StorageClass that a ModelCache names, or that it gets by the InferenceCluster or by default, cannot do ReadWriteMany, or nobody knows whether it can. Asked are, in this order: the annotation below, a StorageProfile of the Containerized Data Importer, the table of known provisioners.',
    fix: 'Use a class of a shared file system. If the class does support it, an administrator attests: `kubectl annotate storageclass NAME modelplane.ai/access-modes=ReadWriteMany`.',
  },
  StorageMemberMismatch: {
    says: 'denied',
    who: 'author',
    when: 'The member of `spec.storage` that belongs to the backend is missing, or that of another backend is set.',
    fix: 'Set `pvc` with backend PVC, `existingPVC` with backend ExistingPVC.',
  },
  StorageQuotaExceeded: {
    says: 'warned',
    who: 'administrator',
    when: 'A warning: a ResourceQuota of the namespace has no room for the claim of a new ModelCache, or for what it grows by. Looked at are `requests.storage` and `persistentvolumeclaims`, for all claims and for those of its StorageClass, as the quota controller last counted them.',
    fix: 'Delete claims that nobody needs, or let an administrator raise the quota. The claim is made as soon as there is room.',
  },
} as const satisfies Record<string, ReasonText>

export type Reason = keyof typeof REASONS
