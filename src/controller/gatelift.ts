import { CACHE_READY_GATE, INJECTED } from '../api/annotations.ts'
import type { ConsumerPod } from '../api/consumerpod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { type CacheMount, cacheMount } from '../injection/cachemount.ts'
import { digestAnnotation } from '../injection/digestvariable.ts'
import { mountOfLeader } from '../injection/leadermount.ts'
import { PENDING } from '../injection/pendingmount.ts'
import { readRecord } from '../injection/record.ts'

/** What of the cluster decides whether a pod has waited long enough. */
export interface Awaited {
  cache(name: string): ModelCache | undefined
  /** The leader of its gang, if the pod is a worker. */
  leader: ConsumerPod | undefined
}

/**
 * The strategic merge patch that tells a waiting pod its digests and lifts its gate, both at once; undefined while one of
 * its caches is not Ready. A worker waits for its leader, and is told the same.
 */
export function gateLift(pod: ConsumerPod, { cache: find, leader }: Awaited): object | undefined {
  if (!pod.gated || leader?.gated) return undefined
  const digests: Record<string, string> = {}
  const record: string[] = []
  for (const [name, identity] of readRecord(pod.record)) {
    const cache = find(name)
    const mount = cache && mountNow(cache, leader)
    if (mount === undefined) return undefined
    if (identity === PENDING) digests[digestAnnotation(name)] = mount.identity
    // What was known at admission is mounted, and stays.
    record.push(`${name}=${identity === PENDING ? mount.identity : identity}`)
  }
  return {
    // Another version of the pod may know better.
    metadata: {
      resourceVersion: pod.metadata.resourceVersion,
      annotations: { ...digests, [INJECTED]: record.join(',') },
    },
    spec: { schedulingGates: [{ $patch: 'delete', name: CACHE_READY_GATE }] },
  }
}

function mountNow(cache: ModelCache, leader: ConsumerPod | undefined): CacheMount | undefined {
  const given = leader && mountOfLeader(leader, cache)
  return given && !given.waits ? given : cacheMount(cache)
}
