import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import type { ModelDeploymentStatus } from '../../api/modeldeployment-status.ts'
import { type Candidate, evenShares, nextShares } from './shares.ts'
import type { Site } from './sites.ts'

/** The share of each cluster that is to be set now. */
export function spread({ spec }: KnownDeployment, sites: readonly Site[]): Map<string, number> {
  // Whoever decides elsewhere says exactly what is to be where.
  if (spec.placement !== undefined) {
    const placed = new Map(spec.placement.map(({ cluster, replicas }) => [cluster, replicas]))
    return new Map(sites.map(({ cluster }) => [cluster, placed.get(cluster) ?? 0]))
  }
  const candidates: readonly Candidate[] = sites
  return nextShares(spec.replicas, candidates, evenShares(spec.replicas, candidates))
}

/** Which shares change, for people: `east 2 → 1, west 0 → 1`. */
export function changesOf(sites: readonly Site[], shares: ReadonlyMap<string, number>): string[] {
  return sites.flatMap(({ cluster, share }) => {
    const next = shares.get(cluster) ?? 0
    return next === share ? [] : [`${cluster} ${share} → ${next}`]
  })
}

/**
 * The clusters that had a share, and whose InferenceCluster is gone. A placement may name them all the same.
 */
export function orphansOf(
  before: ModelDeploymentStatus | undefined,
  after: ModelDeploymentStatus,
  isRegistered: (cluster: string) => boolean,
): string[] {
  const named = new Set(after.clusters?.map(({ name }) => name))
  const shared = before?.clusters?.filter(({ replicas }) => replicas > 0) ?? []
  return shared.map(({ name }) => name).filter(name => !named.has(name) && !isRegistered(name))
}
