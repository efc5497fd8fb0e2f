import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'

/**
 * The part of a stored status that the controller writes. The hub writes the other part: how the cache fares
 * in other clusters than the one of this name.
 */
export function ownPart(
  status: ModelCacheStatus | undefined,
  clusterName: string,
): ModelCacheStatus | undefined {
  if (status?.replicas === undefined) return status
  const { replicas, moreClusters, conditions, clusters, ...own } = status
  return {
    ...own,
    ...(conditions && { conditions: conditions.filter(({ type }) => type !== 'Replicated') }),
    ...(clusters && { clusters: clusters.filter(({ name }) => name === clusterName) }),
  }
}
