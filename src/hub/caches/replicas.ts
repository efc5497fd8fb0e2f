import type { InferenceCluster } from '../../api/inference-cluster.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { clustersOf, isMeantHere } from '../../api/placement.ts'
import { thisCluster } from '../../storage/this-cluster.ts'
import { keyOf } from '../copies/copies.ts'
import type { Connected } from '../members.ts'
import { unknownBy } from '../unknown-by.ts'
import type { CacheCopy } from './copy.ts'
import type { Replica, Seen } from './summary.ts'
import { mayHaveCopy } from './travel.ts'

/** The name of the hub's own cluster in status if it has no InferenceCluster. */
const UNNAMED = 'local'

/** Where a ModelCache goes. */
export interface Placement {
  /** The other clusters that it goes to. */
  placed: readonly InferenceCluster[]
  own: Seen['own']
  /** The name of the hub's own cluster. */
  ownName: string
}

/** Where a ModelCache goes. `clusterName` is the configured name of the hub's own cluster. */
export function placementOf(
  cache: ModelCache,
  clusters: readonly InferenceCluster[],
  clusterName: string | undefined,
): Placement {
  const here = thisCluster(clusters, clusterName)
  const ownName = here?.metadata.name ?? clusterName ?? UNNAMED
  const isPlaced = isMeantHere(cache, clusters, here)
  // The controller has an entry as long as it stages the cache, and for pods that still mount it.
  const isTaken = here === undefined && clusters.some(({ metadata }) => metadata.name === ownName)
  const isStaged = !isTaken && cache.status?.clusters?.some(({ name }) => name === ownName) === true
  return {
    placed: clustersOf(cache, clusters).filter(each => each !== here),
    own: isPlaced || isStaged ? { name: ownName, isPlaced } : undefined,
    ownName,
  }
}

/** What is known of a ModelCache in every other cluster that it goes to, or may still be in. */
export function replicasOf(
  cache: ModelCache,
  { placed, own }: Placement,
  clusters: readonly InferenceCluster[],
  connected: Pick<Connected<CacheCopy>, 'get'>,
): Replica[] {
  const { namespace, name } = cache.metadata
  const selected = new Set(placed.map(({ metadata }) => metadata.name))
  return clusters.flatMap(cluster => {
    const { name: clusterName } = cluster.metadata
    if (clusterName === own?.name) return []
    const isPlaced = selected.has(clusterName)
    const copies = connected.get(clusterName)
    const copy = copies?.store.get(namespace, name)
    const unknown = unknownBy(cluster)
    const isUnheard = unknown === undefined && copies?.isKnown() !== true
    const isGuess = unknown !== undefined || isUnheard
    if (!isPlaced && copy === undefined && !(isGuess && mayHaveCopy(cache, clusterName))) return []
    return {
      ...{ cluster: clusterName, isPlaced, unknown, isUnheard },
      problem: copies?.problemOf(keyOf(cache)),
      copy: copy && { ...copy.state, isLeaving: copy.metadata.deletionTimestamp !== undefined },
    }
  })
}

/** The clusters with a copy whose InferenceCluster is gone. */
export function orphansOf(
  cache: ModelCache,
  { ownName }: Placement,
  clusters: readonly InferenceCluster[],
): string[] {
  const registered = new Set(clusters.map(({ metadata }) => metadata.name))
  return knownClusters(cache).filter(name => name !== ownName && !registered.has(name))
}

function knownClusters({ status }: ModelCache): string[] {
  return status?.replicas === undefined ? [] : (status.clusters?.map(({ name }) => name) ?? [])
}
