import type { InferenceCluster } from '../api/inference-cluster.ts'

/**
 * The InferenceCluster that stands for the cluster in which this runs: the one with the configured name, or
 * without such a name the only one that is registered. Undefined if there is none, or if nothing tells which
 * of several it is.
 */
export function thisCluster(
  clusters: Iterable<InferenceCluster>,
  clusterName: string | undefined,
): InferenceCluster | undefined {
  const registered = [...clusters]
  if (clusterName !== undefined) return registered.find(({ metadata }) => metadata.name === clusterName)
  return registered.length === 1 ? registered[0] : undefined
}
