import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { canMove } from '../api/pinned-revision.ts'
import { clustersOf } from '../api/placement.ts'
import { conditionOf } from '../api/readiness.ts'
import { KINDS } from '../cluster/kinds.ts'
import type { Stores } from '../cluster/stores.ts'
import { thisCluster } from '../storage/this-cluster.ts'
import { revisionOf } from './caches/copy.ts'
import { type Candidate, choiceFor } from './caches/pins.ts'
import { placementOf, replicasOf } from './caches/replicas.ts'
import { type ReplicationOptions, startReplication } from './caches/replication.ts'
import { secretOf, travellingCaches } from './caches/travel.ts'
import { keyOf } from './copies/copies.ts'
import { createWholeOf } from './copies/whole.ts'
import { type SpreadingOptions, startSpreading } from './deployments/spreading.ts'
import { travellingDeployments } from './deployments/travel.ts'
import { createMembers, type Members } from './members.ts'
import { type RegistryOptions, startRegistry } from './registry.ts'

export type HubOptions = Omit<RegistryOptions, 'members' | 'stores' | 'rest'> &
  Omit<ReplicationOptions, 'copies'> &
  Omit<SpreadingOptions, 'copies' | 'cacheCopies'> & {
    stores: Stores<'InferenceCluster' | 'ModelCache' | 'ModelDeployment'>
    /** The Secrets that may be copied to other clusters; undefined if none may. */
    secrets: Stores<'SharedSecret'>['SharedSecret'] | undefined
    /** Makes the namespaces of copies in clusters that lack them. */
    createsNamespaces: boolean
  }

/**
 * Looks at the clusters of all InferenceClusters, and brings ModelCaches and ModelDeployments to them, until
 * the signal aborts. It can be started again after that. Returns the clusters that it is connected to.
 */
export function startHub(options: HubOptions): Members {
  const { stores, secrets, hubID, rest, signal } = options
  const members: Members = createMembers({
    ...options,
    hub: {
      ...{ hubID, rest, createsNamespaces: options.createsNamespaces },
      caches: travellingCaches({
        hubID,
        originals: stores.ModelCache,
        wholeOf: createWholeOf(KINDS.ModelCache, rest, { signal }),
        isPlaced: (cache, name) => isPlaced(cache, name, options),
        secretVersionFor(cache) {
          const name = secretOf(cache)
          const found = name && secrets?.get(cache.metadata.namespace, name)
          return found ? `${found.metadata.uid}.${found.metadata.resourceVersion}` : undefined
        },
        choiceFor: (cache, name) =>
          canMove(cache) ? choiceFor(cache, candidatesOf(cache, members, options), name) : { pin: undefined },
        onNews(key) {
          tellOfCache(key)
          spreading.cache(key)
        },
      }),
      deployments: travellingDeployments({
        hubID,
        originals: stores.ModelDeployment,
        wholeOf: createWholeOf(KINDS.ModelDeployment, rest, { signal }),
        onNews: key => spreading.deployment(key),
      }),
      onReplaced: name => lookAgain(name),
    },
  })
  const tellOfCache = startReplication({ ...options, copies: members.caches })
  const spreading = startSpreading({ ...options, copies: members.deployments, cacheCopies: members.caches })
  const lookAgain = startRegistry({ ...options, members })
  const look = (cache: ModelCache) => {
    for (const [, copies] of members.caches.entries()) copies.look(keyOf(cache))
  }
  const stops = [
    stores.ModelCache.onChange(({ type, object }) => {
      if (type === 'deleted') look(object)
    }),
    stores.ModelDeployment.onChange(({ type, object }) => {
      if (type !== 'deleted') return
      for (const [, copies] of members.deployments.entries()) copies.look(keyOf(object))
    }),
    secrets?.onChange(({ object: { metadata } }) => {
      for (const cache of stores.ModelCache.values())
        if (cache.metadata.namespace === metadata.namespace && secretOf(cache) === metadata.name) look(cache)
    }),
  ]
  for (const stop of stops) if (stop) signal.addEventListener('abort', stop, { once: true })
  return members
}

type Registered = Pick<HubOptions, 'stores' | 'clusterName'>

/** Whether a ModelCache goes to the other cluster of this name. */
function isPlaced(cache: ModelCache, name: string, { stores, clusterName }: Registered): boolean {
  const cluster = stores.InferenceCluster.get(undefined, name)
  if (cluster === undefined || clustersOf(cache, [cluster]).length === 0) return false
  return cluster !== thisCluster(stores.InferenceCluster.values(), clusterName)
}

/** The clusters of a ModelCache, in the order in which they may resolve its branch or tag. */
function candidatesOf(cache: ModelCache, members: Members, { stores, clusterName }: Registered): Candidate[] {
  const clusters = [...stores.InferenceCluster.values()]
  const placement = placementOf(cache, clusters, clusterName)
  const { namespace, name } = cache.metadata
  const others = replicasOf(cache, placement, clusters, members.caches)
    .filter(replica => replica.isPlaced)
    .map(({ cluster, unknown, isUnheard = false, copy }) => ({
      ...{ cluster, isOwn: false, isStuck: unknown !== undefined || copy?.phase === 'Failed' },
      // A cluster where ModelCache is missing, for example, is never heard.
      isUnheard: isUnheard && isReadyCluster(stores.InferenceCluster.get(undefined, cluster)),
      pin: members.caches.get(cluster)?.store.get(namespace, name)?.pin,
      revision: copy?.revision,
    }))
    .toSorted((one, other) => (one.cluster < other.cluster ? -1 : 1))
  if (placement.own?.isPlaced !== true) return others
  const { name: cluster } = placement.own
  const own = { cluster, isOwn: true, isStuck: false, isUnheard: false, pin: undefined }
  return [{ ...own, revision: revisionOf(cache) }, ...others]
}

function isReadyCluster(cluster: InferenceCluster | undefined): boolean {
  return conditionOf(cluster?.status, 'Ready')?.status === 'True'
}
