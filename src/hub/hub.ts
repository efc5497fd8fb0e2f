import { clustersOf } from '../api/placement.ts'
import type { Stores } from '../cluster/stores.ts'
import { thisCluster } from '../storage/this-cluster.ts'
import { type HubSide, keyOf } from './member.ts'
import { createMembers, type Members } from './members.ts'
import { type RegistryOptions, startRegistry } from './registry.ts'
import { type ReplicationOptions, startReplication } from './replication.ts'

export type HubOptions = Omit<RegistryOptions, 'members' | 'stores' | 'rest'> &
  Omit<ReplicationOptions, 'members'> & { stores: Stores<'InferenceCluster' | 'ModelCache'> }

/**
 * Looks at the clusters of all InferenceClusters, and brings ModelCaches to them, until the signal aborts. It
 * can be started again after that.
 */
export function startHub(options: HubOptions): void {
  const { stores, hubID, clusterName, rest, signal } = options
  const hub: HubSide = {
    hubID,
    rest,
    caches: stores.ModelCache,
    isPlaced(cache, name) {
      const cluster = stores.InferenceCluster.get(undefined, name)
      if (cluster === undefined || clustersOf(cache, [cluster]).length === 0) return false
      return cluster !== thisCluster(stores.InferenceCluster.values(), clusterName)
    },
    onNews: key => tell(key),
    onReplaced: name => lookAgain(name),
  }
  const members: Members = createMembers({ ...options, hub })
  const tell = startReplication({ ...options, members })
  const lookAgain = startRegistry({ ...options, members })
  const stop = stores.ModelCache.onChange(({ type, object }) => {
    if (type === 'deleted') for (const [, member] of members.entries()) member.look(keyOf(object))
  })
  signal.addEventListener('abort', stop, { once: true })
}
