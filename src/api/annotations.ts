import { GROUP } from './group.ts'

/** On a pod template: the caches to mount, names separated by commas, of the pod's own namespace. */
export const CACHES = `${GROUP}/caches`

/** On a pod template: the containers and init containers to mount into, names separated by commas. */
export const CACHE_CONTAINERS = `${GROUP}/cache-containers`

/** On a pod template: what to do while a cache is not Ready. Only absent (reject) is implemented. */
export const NOT_READY = `${GROUP}/not-ready`

/** On a pod, written by the injector: `cache=digest` pairs separated by commas, the bytes this pod was given. */
export const INJECTED = `${GROUP}/injected`

/** Label on a pod, written by the injector, so that watches can select the consumers of caches. */
export const CACHE_CONSUMER = `${GROUP}/cache-consumer`
