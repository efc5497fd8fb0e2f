import type { ConsumerPod } from '../api/kubernetes/consumer-pod.ts'
import type { Pod } from '../api/kubernetes/pod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { broughtMount } from './brought-mount.ts'
import { type CacheMount, readyMount, waitingMount, waits } from './cache-mount.ts'
import { mountOfLeader } from './leader-mount.ts'

/** What decides which mount of a cache a pod gets. */
export interface Asking {
  /** The leader of its gang, if the pod is a worker. */
  leader: ConsumerPod | undefined
  /** Whether the pod wants to wait at a scheduling gate instead of being denied. */
  waits: boolean
  /** A pod that may bring a mount along, and what its record says about the cache. */
  brings?: { pod: Pod; recorded: string | undefined }
}

/**
 * The mount of a cache that a pod gets. First choice is the mount of its leader, then a mount that it brings
 * along, then what the cache has now, and for a waiting pod what the cache will have. Undefined if the cache
 * must be Ready first.
 */
export function chooseMount(cache: ModelCache, asking: Asking): CacheMount | undefined {
  const given = asking.leader && mountOfLeader(asking.leader, cache)
  if (given && (asking.waits || !waits(given))) return given
  const ready = readyMount(cache)
  const brought = asking.brings && broughtMount(asking.brings.pod, cache, asking.brings.recorded)
  // A mount cannot be taken back. A pod keeps what it brings only if the cache is Ready.
  if (brought && (waits(brought) ? asking.waits : ready !== undefined)) return brought
  return ready ?? (asking.waits ? waitingMount(cache) : undefined)
}
