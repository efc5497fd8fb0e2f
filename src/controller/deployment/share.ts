import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import type { InferenceCluster } from '../../api/inference-cluster.ts'
import { hasHub, servingClusters } from '../../api/placement.ts'
import { few } from '../../api/schema/text.ts'
import { thisCluster } from '../../storage/this-cluster.ts'

/** How many replicas of a ModelDeployment serve in this cluster. */
export type Share =
  /** All of them. */
  | { readonly kind: 'whole' }
  /** As many as the hub says in status. The others serve in other clusters. */
  | { readonly kind: 'split'; readonly replicas: number }
  /** Nobody says it at present, so what serves stays. */
  | { readonly kind: 'pending' }
  /** There is no hub to say it. */
  | { readonly kind: 'awaited'; readonly message: string }

/** The share of this cluster, from what the author, the hub and the registered clusters say. */
export function shareOf(
  deployment: KnownDeployment,
  clusters: readonly InferenceCluster[],
  clusterName: string | undefined,
): Share {
  const here = thisCluster(clusters, clusterName)
  const entries = deployment.status?.clusters
  if (entries !== undefined) {
    // The InferenceCluster of a share is gone. As in other clusters, what serves there stays.
    if (here === undefined && deployment.status?.local !== undefined) return { kind: 'pending' }
    const entry = entries.find(({ name }) => name === here?.metadata.name)
    return { kind: 'split', replicas: entry?.replicas ?? 0 }
  }
  const names = servingClusters(deployment, clusters, here)
  if (names === undefined) return { kind: 'whole' }
  if (hasHub(clusters)) return { kind: 'pending' }
  const places = names.length === 0 ? 'no cluster' : few(names)
  const message = `the ModelDeployment serves in ${places}, and only a hub splits replicas over clusters; install the hub, or remove spec.clusterSelector and spec.placement`
  return { kind: 'awaited', message }
}
