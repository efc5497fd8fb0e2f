import type { ReasonText } from './reason-text.ts'

/** Reasons for pods, workloads and what the controller creates, and those for any object. */
export const POD_REASONS = {
  AnnotationNotOnTemplate: {
    says: 'warned',
    who: 'author',
    when: 'A warning: the workload itself has annotation `modelplane.ai/caches`, but none of its pod templates does. Pods only get the metadata of their template.',
    fix: 'Move the annotation to the metadata of the pod template. A LeaderWorkerSet needs it in both templates.',
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
  ClaimHeld: {
    says: 'warned',
    who: 'author',
    when: 'A warning: a ModelCache is deleted, and pods that have ended still have a volume of its claim. Kubernetes keeps the claim until these pods are deleted.',
    example:
      'pod bench-1 has ended and still holds claim modelcache--llama; delete them, or the volume stays, and a new ModelCache of this name waits',
    fix: 'Delete the pods that the message names, or give Jobs a `ttlSecondsAfterFinished`.',
  },
  ClaimProtected: {
    says: 'denied',
    who: 'author',
    when: 'Somebody other than the controller deletes the claim of a ModelCache, or changes its owner references, its volume or its label. A policy denies this, with or without the webhook.',
    example:
      'this claim belongs to a ModelCache, and pods mount it; delete the ModelCache, and the controller deletes the claim',
    fix: 'Delete the ModelCache instead. Administrators may change the claim, with verb `manage-storage` on `modelcaches.modelplane.ai`, which cluster-admin has.',
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
  GangReferencesDiffer: {
    says: 'warned',
    who: 'author',
    when: 'A warning: the leader and worker templates of a LeaderWorkerSet name different caches, or only one of them names any.',
    fix: 'Set the same annotation in both templates. Workers read the weights too, although they name no model.',
  },
  HubCacheReadOnly: {
    says: 'warned',
    who: 'author',
    when: 'A warning: a container keeps its downloads inside the mount of a cache, by a variable such as HF_HOME, a flag such as --download-dir, or because its image does by default, as NIM does. A snapshot has the files of one model, not the layout of a hub cache, and every mount is read-only, also that of a claim that people filled.',
    fix: 'Point the variable or the flag elsewhere, such as at an emptyDir, and serve the mount path as the model. An engine that finds everything in a filled folder, and writes nothing, may keep it.',
  },
  HydrationProtected: {
    says: 'denied',
    who: 'administrator',
    when: "Somebody changes a hydration Job or its pod, deletes the Job, adds an ephemeral container, or gets into the pod by exec, attach or port-forward; or another webhook adds a container that mounts the claim beside the hydrator, or changes the hydrator's image. A policy denies this, with or without the webhook.",
    example:
      'this pod writes the content of a ModelCache, so nobody may get into it; read its log instead, or ask an administrator with verb debug-hydration on modelcaches.modelplane.ai',
    fix: 'Read the log of the pod. To stage a cache again, set its annotation `modelplane.ai/refetch`. To end a Job, delete its ModelCache. Exclude pods with label `app.kubernetes.io/component=hydrator` from injectors. Administrators may change pods with verb `debug-hydration`, and Jobs with verb `manage-storage`, both on `modelcaches.modelplane.ai`, which cluster-admin has.',
  },
  InjectionMissing: {
    says: 'denied',
    who: 'administrator',
    when: 'A pod asks for caches, and after all mutating webhooks some of the injected fields are missing.',
    example:
      'this pod asks for llama and is missing the injected fields at spec.volumes, spec.containers[0].volumeMounts; another webhook has removed them, or MutatingWebhookConfiguration modelcache-mutating is missing',
    fix: 'Make sure that MutatingWebhookConfiguration `modelcache-mutating` exists, and that no other webhook removes the fields or adds containers after it.',
  },
  InternalError: {
    says: 'denied',
    who: 'administrator',
    when: 'The webhook itself has a bug. The request is denied, and never let through.',
    example:
      'the webhook itself has failed, and the request may be fine; look for reference 0f0e5f3c-… in the log of modelcache-webhook',
    fix: 'Look for the reference in the log of the webhook, and report the bug.',
  },
  KeyIgnored: {
    says: 'warned',
    who: 'author',
    when: 'A warning: a label or an annotation has our domain, or nearly so, and does nothing. It is unknown, or it stands where nothing reads it (on a workload and not on its template, as a label, on a pod that already runs), or its value means nothing. A policy says this where no webhook is called.',
    fix: 'Write the annotation that the message names, at the place that it names, or remove the key.',
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
  NameReserved: {
    says: 'denied',
    who: 'author',
    when: 'A claim, a Job or a pod has a name that starts with `modelcache--`, or a claim has label `modelplane.ai/modelcache`, and the controller has not created it. A policy denies this, with or without the webhook.',
    example:
      'names that start with modelcache-- are reserved for the hydration Jobs of ModelCaches; give this object, or the workload that creates it, another name',
    fix: 'Rename the object, or the workload that its name comes from.',
  },
  PathNotMounted: {
    says: 'warned',
    who: 'author',
    when: 'A warning: a container, such as an init container, names the mount path of a cache and gets no mount. Init containers get none unless they are chosen.',
    fix: 'Choose every container that reads the cache with annotation `modelplane.ai/cache-containers`.',
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
    says: 'denied',
    who: 'author',
    when: 'An annotation of a pod is malformed: an empty name, an invalid object name, a duplicate, a container that the pod does not have, or a value of `modelplane.ai/not-ready` other than Gate.',
    fix: 'Correct the annotation in the pod template.',
  },
  ReferenceRenamed: {
    says: 'warned',
    who: 'author',
    when: 'A warning that only `modelcache review` gives: a ModelCache names a Secret or a ServiceAccount that the input has under a longer name, as kustomize gives it one with a prefix, a suffix or a hash.',
    example:
      'spec.artifact.source.huggingFace.secretRef.name names Secret hf-token, and the input has hf-token-fd9k8cktfk; if kustomize has changed its name, let it change references too, with component name-references (manifests/components)',
    fix: 'Add component `manifests/components/name-references` to the kustomization, or write the final name.',
  },
  SnapshotUnknown: {
    says: 'denied',
    who: 'author',
    when: "A pod mounts a folder of a ModelCache's claim that is not one of its snapshots, according to `resolvedDigest` and `snapshots` of its status. kubelet creates a missing folder, so the pod would start with an empty one. Confirmed by a live read.",
    fix: 'Remove the mount and ask for the cache with annotation `modelplane.ai/caches`. To look at everything on the claim, mount it read-only without `subPath`.',
  },
  SpecInvalid: {
    says: 'denied',
    who: 'author',
    when: 'The object does not have the shape of its kind. The API server rejects most such objects before the webhook sees them.',
    example: 'not a Pod: spec.containers: is required',
    fix: 'Correct the field that the message names.',
  },
} as const satisfies Readonly<Record<string, ReasonText>>
