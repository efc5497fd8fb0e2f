import type { InferenceCluster } from './inference-cluster.ts'
import { selects } from './label-selector.ts'
import type { ModelCache } from './modelcache.ts'

/**
 * The clusters that a ModelCache goes to: those whose labels its selector selects, in the order of their
 * names, without those that are being deleted. Without a selector it stays in its own cluster, and goes to
 * none of them.
 */
export function clustersOf(
  { spec: { clusterSelector } }: Pick<ModelCache, 'spec'>,
  clusters: Iterable<InferenceCluster>,
): InferenceCluster[] {
  if (clusterSelector === undefined) return []
  return [...clusters]
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter(({ metadata }) => selects(clusterSelector, metadata.labels))
    .toSorted(byName)
}

/** Whether a ModelCache that goes to these clusters is staged in the cluster that it is in. */
export function isStagedHere(
  cache: Pick<ModelCache, 'spec'>,
  clusters: readonly InferenceCluster[],
  here: InferenceCluster | undefined,
): boolean {
  // Without InferenceClusters, a hub is one cluster like any other.
  if (cache.spec.clusterSelector === undefined || clusters.length === 0) return true
  return here !== undefined && clustersOf(cache, [here]).length > 0
}

function byName(one: InferenceCluster, other: InferenceCluster): number {
  return one.metadata.name < other.metadata.name ? -1 : 1
}
