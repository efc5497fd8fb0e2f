import { type InferenceCluster, isLocal } from '../api/inference-cluster.ts'

/**
 * The InferenceCluster that stands for the cluster in which this runs: the one with the configured name. If
 * no name is configured: the one that says so, with source Local, or else the only one that names no other
 * cluster. Undefined if there is none, or if nothing tells which of several it is.
 */
export function thisCluster(
  clusters: Iterable<InferenceCluster>,
  clusterName: string | undefined,
): InferenceCluster | undefined {
  const registered = [...clusters]
  if (clusterName !== undefined) return registered.find(({ metadata }) => metadata.name === clusterName)
  const local = registered.filter(isLocal)
  const saying = local.filter(({ spec }) => spec.cluster !== undefined)
  return onlyOf(saying.length > 0 ? saying : local)
}

function onlyOf<T>(all: readonly T[]): T | undefined {
  return all.length === 1 ? all[0] : undefined
}
