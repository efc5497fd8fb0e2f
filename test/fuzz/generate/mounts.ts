import { type Cluster, isMountable } from '../oracle/cluster.ts'
import { textAt } from '../oracle/json.ts'
import { type Mount, pendingMount, readyMount } from '../oracle/mounts.ts'

/** What injection would give for each cache: as it is now, and before it is Ready. */
export function mountsOf({ caches }: Cluster): Mount[] {
  return caches.flatMap(cache => {
    const ready = readyMount(cache, textAt(cache, 'status', 'resolvedDigest') ?? '')
    return isMountable(cache) ? [ready, ready, pendingMount(cache)] : [pendingMount(cache)]
  })
}
