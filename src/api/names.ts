import { GROUP } from './schema/group.ts'

/** On a pod template: the caches to mount, as names separated by commas, from the pod's own namespace. */
export const CACHES = `${GROUP}/caches`

/**
 * On a pod template: the containers and init containers that get the mounts, as names separated by commas.
 */
export const CACHE_CONTAINERS = `${GROUP}/cache-containers`

/** On a pod template: what to do with pods while a cache is not Ready. Without it they are denied. */
export const NOT_READY = `${GROUP}/not-ready`

/** The only value of `NOT_READY`: pods are admitted, but not scheduled until their caches are Ready. */
export const GATE = 'Gate'

/** The scheduling gate of pods that wait for their caches. */
export const CACHE_READY_GATE = `${GROUP}/cache-ready`

/**
 * On a pod, written by the injector: `cache=digest` pairs separated by commas, which say which bytes the pod
 * got. `pvc/NAME` stands for a claim that people filled, and `pending` for a digest that is not known yet.
 */
export const INJECTED = `${GROUP}/injected`

/**
 * Prefix of annotations on a waiting pod, one for each digest that is not known yet. The controller writes
 * the digest before it removes the gate, and the mounts of the containers read it from there.
 */
export const DIGEST_PREFIX = `digest.${GROUP}`

/** Label on a pod, written by the injector, so that watches can select the pods that use caches. */
export const CACHE_CONSUMER = `${GROUP}/cache-consumer`

/** On a ModelCache: `"true"` makes the controller leave it alone, except for its deletion. */
export const PAUSED = `${GROUP}/paused`

/**
 * On a ModelCache: any new value, such as the time, stages the artifact again, and retries a failure at once.
 */
export const REFETCH = `${GROUP}/refetch`

/** On a ModelCache: any new value, such as the time, hashes the snapshot on its claim. */
export const VERIFY = `${GROUP}/verify`

/**
 * On a ModelCache: the commit or digest to stage in place of the branch or tag that its source names. Another
 * value stages the artifact again.
 */
export const REVISION = `${GROUP}/revision`

/** On a hydration Job, written by the controller: a hash of everything that the Job was made from. */
export const MADE_FROM = `${GROUP}/made-from`

/**
 * On a hydration pod, from the template of its Job: the image of its container, whatever other webhooks do to
 * the pod.
 */
export const HYDRATOR_IMAGE = `${GROUP}/hydrator-image`

/**
 * The finalizer of a ModelCache with backend PVC: the controller removes what it created for the cache before
 * the cache goes.
 */
export const STORAGE_FINALIZER = `${GROUP}/storage`

/** On a ModelCache: `"true"` lets it be deleted while pods mount it. */
export const ALLOW_DELETE_IN_USE = `${GROUP}/allow-delete-in-use`

/** On a workload whose pods were denied, written by the controller so that its owner tries again: why. */
export const NUDGED = `${GROUP}/nudged`

/**
 * On a Deployment, StatefulSet, DaemonSet, LeaderWorkerSet or ModelDeployment: `"true"` restarts it when a
 * cache of its pods has another digest.
 */
export const ROLLOUT = `${GROUP}/rollout`

/** On a pod template, written by the controller: the digest for which it restarted the workload. */
export const ROLLED_OUT = `${GROUP}/rolled-out`

/** Label on a managed claim: the name of its ModelCache. */
export const CLAIM_OF = `${GROUP}/modelcache`

/** Label on everything that belongs to a ModelDeployment, pods included: its name. */
export const DEPLOYMENT_OF = `${GROUP}/modeldeployment`

/** The API of LeaderWorkerSet. Its labels and annotations have another prefix. */
export const LWS_API_VERSION = 'leaderworkerset.x-k8s.io/v1'

/**
 * On a ModelDeployment, and passed to its LeaderWorkerSet: each gang has a domain of that topology for
 * itself.
 */
export const EXCLUSIVE_TOPOLOGY = 'leaderworkerset.sigs.k8s.io/exclusive-topology'

/** Label that LeaderWorkerSet gives to the pods of a gang. The leader has 0. */
export const WORKER_INDEX = 'leaderworkerset.sigs.k8s.io/worker-index'

/** Label on a copy of a ModelCache in another cluster: the UID of the cluster of the hub that made it. */
export const HUB = `${GROUP}/hub`

/** Label on a Secret: with `"true"` the hub copies it to the clusters whose ModelCaches use it. */
export const REPLICATE = `${GROUP}/replicate`

/**
 * On the copy of a ModelCache, written by the hub: the version of the Secret that was copied for it. Without
 * it, the Secret of that name is the cluster's own.
 */
export const SECRET_VERSION = `${GROUP}/secret-version`

/** The finalizer of a ModelCache that has copies in other clusters: they are deleted first. */
export const COPIES_FINALIZER = `${GROUP}/copies`

/**
 * On an InferenceCluster: with `"true"`, the copies in its cluster are deleted before it goes. Without it
 * they stay, and the hub does not look after them any more.
 */
export const RETIRE = `${GROUP}/retire`

/** Field manager of every field that the hub writes. */
export const HUB_MANAGER = 'modelcache-hub'

/** Field manager of every field that the controller writes. */
export const FIELD_MANAGER = 'modelcache'

/** Field manager of the Lease that the controllers use to elect their leader. */
export const ELECTION_MANAGER = 'modelcache-leader-election'

/** Field manager of the CA's Secret and of `caBundle`. */
export const CERTIFICATES_MANAGER = 'modelcache-certificates'
