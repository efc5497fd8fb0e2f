import type { ConsumerPod } from '../api/kubernetes/consumer-pod.ts'
import type { Pod } from '../api/kubernetes/pod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { broughtMount } from './brought-mount.ts'
import { type CacheMount, readyMount, waitingMount, waits } from './cache-mount.ts'
import { mountOfLeader } from './leader-mount.ts'

/** What of a pod decides which mount of a cache it is given. */
export interface Asking {
  /** The leader of its gang, if the pod is a worker. */
  leader: ConsumerPod | undefined
  /** Whether the pod would rather wait at a scheduling gate than be denied. */
  waits: boolean
  /** A pod that may bring a mount along, and what its record says of the cache. */
  brings?: { pod: Pod; recorded: string | undefined }
}

/**
 * The mount that a pod is given of a cache: what its leader was given; else what it brings along; else what the cache
 * has now; else, for a pod that waits, what the cache will have. Undefined where the cache has to be Ready first.
 */
export function chooseMount(cache: ModelCache, asking: Asking): CacheMount | undefined {
  const given = asking.leader && mountOfLeader(asking.leader, cache)
  if (given && (asking.waits || !waits(given))) return given
  const ready = readyMount(cache)
  const brought = asking.brings && broughtMount(asking.brings.pod, cache, asking.brings.recorded)
  // A mount cannot be taken back. Only a cache that is Ready lets a pod keep what it brings.
  if (brought && (waits(brought) ? asking.waits : ready !== undefined)) return brought
  return ready ?? (asking.waits ? waitingMount(cache) : undefined)
}
