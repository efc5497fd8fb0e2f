import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { canMove } from '../api/pinned-revision.ts'
import { clustersOf } from '../api/placement.ts'
import type { Stores } from '../cluster/stores.ts'
import { thisCluster } from '../storage/this-cluster.ts'
import { revisionOf } from './copy.ts'
import { type HubSide, keyOf } from './member.ts'
import { createMembers, type Members } from './members.ts'
import { type Candidate, choiceFor } from './pins.ts'
import { type RegistryOptions, startRegistry } from './registry.ts'
import { placementOf, replicasOf } from './replicas.ts'
import { type ReplicationOptions, startReplication } from './replication.ts'
import { secretOf } from './secret-writer.ts'
import { createWholeOf } from './whole.ts'

export type HubOptions = Omit<RegistryOptions, 'members' | 'stores' | 'rest'> &
  Omit<ReplicationOptions, 'members'> & {
    stores: Stores<'InferenceCluster' | 'ModelCache'>
    /** The Secrets that may be copied to other clusters; undefined if none may. */
    secrets: Stores<'SharedSecret'>['SharedSecret'] | undefined
  }

/**
 * Looks at the clusters of all InferenceClusters, and brings ModelCaches to them, until the signal aborts. It
 * can be started again after that. Returns the clusters that it is connected to.
 */
export function startHub(options: HubOptions): Members {
  const { stores, secrets, hubID, clusterName, rest, signal } = options
  const hub: HubSide = {
    hubID,
    rest,
    wholeOf: createWholeOf(rest, { signal }),
    caches: stores.ModelCache,
    isPlaced(cache, name) {
      const cluster = stores.InferenceCluster.get(undefined, name)
      if (cluster === undefined || clustersOf(cache, [cluster]).length === 0) return false
      return cluster !== thisCluster(stores.InferenceCluster.values(), clusterName)
    },
    secretVersionFor(cache) {
      const name = secretOf(cache)
      const found = name && secrets?.get(cache.metadata.namespace, name)
      return found ? `${found.metadata.uid}.${found.metadata.resourceVersion}` : undefined
    },
    choiceFor: (cache, name) =>
      canMove(cache) ? choiceFor(cache, candidatesOf(cache), name) : { pin: undefined },
    onNews: key => tell(key),
    onReplaced: name => lookAgain(name),
  }
  const candidatesOf = (cache: ModelCache): Candidate[] => {
    const clusters = [...stores.InferenceCluster.values()]
    const placement = placementOf(cache, clusters, clusterName)
    const { namespace, name } = cache.metadata
    const others = replicasOf(cache, placement, clusters, members)
      .filter(({ isPlaced }) => isPlaced)
      .map(({ cluster, unknown, isUnheard = false, copy }) => ({
        ...{ cluster, isOwn: false, isStuck: unknown !== undefined || copy?.phase === 'Failed' },
        // A cluster where ModelCache is missing, for example, is never heard.
        isUnheard: isUnheard && isReadyCluster(stores.InferenceCluster.get(undefined, cluster)),
        pin: members.get(cluster)?.copies.get(namespace, name)?.pin,
        revision: copy?.revision,
      }))
      .toSorted((one, other) => (one.cluster < other.cluster ? -1 : 1))
    if (placement.own?.isPlaced !== true) return others
    const { name: cluster } = placement.own
    const own = { cluster, isOwn: true, isStuck: false, isUnheard: false, pin: undefined }
    return [{ ...own, revision: revisionOf(cache) }, ...others]
  }
  const members: Members = createMembers({ ...options, hub })
  const tell = startReplication({ ...options, members })
  const lookAgain = startRegistry({ ...options, members })
  const look = (cache: ModelCache) => {
    for (const [, member] of members.entries()) member.look(keyOf(cache))
  }
  const stops = [
    stores.ModelCache.onChange(({ type, object }) => {
      if (type === 'deleted') look(object)
    }),
    secrets?.onChange(({ object: { metadata } }) => {
      for (const cache of stores.ModelCache.values())
        if (cache.metadata.namespace === metadata.namespace && secretOf(cache) === metadata.name) look(cache)
    }),
  ]
  for (const stop of stops) if (stop) signal.addEventListener('abort', stop, { once: true })
  return members
}

function isReadyCluster(cluster: InferenceCluster | undefined): boolean {
  return (
    cluster?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  )
}
