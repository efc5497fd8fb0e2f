import type { InferenceCluster } from '../../api/inference-cluster.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Policy } from '../policy.ts'

/**
 * The InferenceCluster that stands for the cluster in which this runs: the one of the configured name, and without such a
 * name the only one that is registered. Undefined when there is none, or nothing tells which of several it is.
 */
export function thisCluster(
  view: ClusterView,
  { clusterName }: Pick<Policy, 'clusterName'>,
): InferenceCluster | undefined {
  const registered = [...view.inferenceClusters()]
  if (clusterName !== undefined) return registered.find(({ metadata }) => metadata.name === clusterName)
  return registered.length === 1 ? registered[0] : undefined
}
