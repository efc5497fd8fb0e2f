import type { InferenceCluster } from './inference-cluster.ts'
import { type LabelSelector, selects } from './label-selector.ts'

/** A ModelCache or a ModelDeployment. */
interface Selecting {
  readonly spec: { readonly clusterSelector?: LabelSelector | undefined }
}

/**
 * The clusters that an object goes to: those whose labels its selector selects, in the order of their
 * names, without those that are being deleted. Without a selector it stays in its own cluster, and goes to
 * none of them.
 */
export function clustersOf(
  { spec: { clusterSelector } }: Selecting,
  clusters: Iterable<InferenceCluster>,
): InferenceCluster[] {
  if (clusterSelector === undefined) return []
  return [...clusters]
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter(({ metadata }) => selects(clusterSelector, metadata.labels))
    .toSorted(byName)
}

/** Whether an object that goes to these clusters has its work done in the cluster that it is in, too. */
export function isMeantHere(
  object: Selecting,
  clusters: readonly InferenceCluster[],
  here: InferenceCluster | undefined,
): boolean {
  // Without InferenceClusters, a hub is one cluster like any other.
  if (object.spec.clusterSelector === undefined || clusters.length === 0) return true
  return here !== undefined && clustersOf(object, [here]).length > 0
}

function byName(one: InferenceCluster, other: InferenceCluster): number {
  return one.metadata.name < other.metadata.name ? -1 : 1
}

/** A ModelDeployment, as far as it says where it serves. */
interface Serving extends Selecting {
  readonly spec: Selecting['spec'] & {
    readonly placement?: readonly { readonly cluster: string; readonly replicas: number }[] | undefined
  }
}

/** Whether a ModelDeployment has to do with other clusters, by its spec or by what the hub has made of it. */
export function deploymentTravels({
  spec,
  status,
}: Serving & {
  readonly status?: { readonly clusters?: readonly object[] | undefined } | undefined
}): boolean {
  return spec.clusterSelector !== undefined || spec.placement !== undefined || status?.clusters !== undefined
}

/** Whether a hub has looked at any of the registered clusters. */
export function hasHub(clusters: readonly InferenceCluster[]): boolean {
  return clusters.some(({ status }) => status?.conditions !== undefined)
}

/**
 * The names of the clusters that the replicas of a ModelDeployment are split over; undefined if its own
 * cluster serves alone, and there is nothing to split.
 */
export function servingClusters(
  { spec }: Serving,
  clusters: readonly InferenceCluster[],
  here: InferenceCluster | undefined,
): string[] | undefined {
  if (clusters.length === 0 || (spec.clusterSelector === undefined && spec.placement === undefined))
    return undefined
  const names =
    spec.placement?.flatMap(({ cluster, replicas }) => (replicas > 0 ? cluster : [])).toSorted() ??
    clustersOf({ spec }, clusters).map(({ metadata }) => metadata.name)
  return names.length === 1 && names[0] === here?.metadata.name ? undefined : names
}
