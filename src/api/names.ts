import { GROUP } from './schema/group.ts'

/** On a pod template: the caches to mount, names separated by commas, of the pod's own namespace. */
export const CACHES = `${GROUP}/caches`

/** On a pod template: the containers and init containers to mount into, names separated by commas. */
export const CACHE_CONTAINERS = `${GROUP}/cache-containers`

/** On a pod template: what to do with pods while a cache is not Ready. Absent: they are refused. */
export const NOT_READY = `${GROUP}/not-ready`

/** The only value of `NOT_READY`: pods are admitted, and not scheduled before their caches are Ready. */
export const GATE = 'Gate'

/** The scheduling gate of pods that wait for their caches. */
export const CACHE_READY_GATE = `${GROUP}/cache-ready`

/**
 * On a pod, written by the injector: `cache=digest` pairs separated by commas, the bytes this pod was given. `pvc/NAME`
 * stands for a claim that people filled, `pending` for a digest that is not known yet.
 */
export const INJECTED = `${GROUP}/injected`

/**
 * Prefix of annotations on a pod that waits for its caches, one for each whose digest is not known yet. The controller
 * writes the digest before it lifts the gate; the containers' mounts take it from there.
 */
export const DIGEST_PREFIX = `digest.${GROUP}`

/** Label on a pod, written by the injector, so that watches can select the consumers of caches. */
export const CACHE_CONSUMER = `${GROUP}/cache-consumer`

/** On a ModelCache: `"true"` makes the controller leave it as it is, but for its deletion. */
export const PAUSED = `${GROUP}/paused`

/**
 * On a ModelCache: any new text, such as the time, stages the artifact again, and tries again at once what has
 * failed.
 */
export const REFETCH = `${GROUP}/refetch`

/** On a hydration Job, written by the controller: a hash of what the Job was made from. */
export const MADE_FROM = `${GROUP}/made-from`

/**
 * On a hydration pod, by the template of its Job: the image that its container has, whatever webhooks do to the pod.
 */
export const HYDRATOR_IMAGE = `${GROUP}/hydrator-image`

/** The finalizer of a ModelCache of backend PVC: what was made for it is taken away before it goes. */
export const STORAGE_FINALIZER = `${GROUP}/storage`

/** On a ModelCache: `"true"` lets it be deleted although pods mount it. */
export const ALLOW_DELETE_IN_USE = `${GROUP}/allow-delete-in-use`

/** Label on a managed claim: the name of its ModelCache. */
export const CLAIM_OF = `${GROUP}/modelcache`

/** Owner of every field that the controller writes. */
export const FIELD_MANAGER = 'modelcache'

/** Owner of the Lease by which the controllers elect their leader. */
export const ELECTION_MANAGER = 'modelcache-leader-election'

/** Owner of the CA's Secret and of `caBundle`. */
export const CERTIFICATES_MANAGER = 'modelcache-certificates'
