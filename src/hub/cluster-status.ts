import { type InferenceCluster, isLocal } from '../api/inference-cluster.ts'
import type { ClusterStatusReason } from '../api/inference-cluster-reasons.ts'
import type { InferenceClusterStatus } from '../api/inference-cluster-status.ts'
import { condition } from '../controller/conditions.ts'
import type { Seen } from './look.ts'
import { ClusterProblem } from './problem.ts'

/** What a look at a cluster found, or why there was nothing to see. */
export type Found = Seen | ClusterProblem

/** What else decides about a cluster. */
export interface Around {
  server: string | undefined
  /** Another InferenceCluster of the same cluster. */
  namesake: string | undefined
  /** The UID of the cluster of the hub. */
  hubID: string
  /** Milliseconds since the epoch. */
  now: number
}

/** Reasons for which another cluster than the registered one answers, or one that is registered already. */
const OTHERS: readonly string[] = [
  'ClusterIsHub',
  'ClusterReplaced',
  'ClusterRegisteredTwice',
] satisfies ClusterStatusReason[]

/** Whether the hub leaves a cluster alone that is not Ready for this reason. */
export function isOther(reason: string): boolean {
  return OTHERS.includes(reason)
}

/**
 * The status of an InferenceCluster after a look. What was known of a cluster that does not answer stays.
 */
export function clusterStatus(
  cluster: InferenceCluster,
  found: Found,
  { server, namesake, hubID, now }: Around,
): InferenceClusterStatus {
  const problem = found instanceof ClusterProblem ? found : problemOf(cluster, found, { namesake, hubID })
  const { metadata, status: before } = cluster
  const reached = !(found instanceof ClusterProblem)
  const { conditions: stored, observedGeneration: _, ...known } = before ?? {}
  const isSeen = reached && problem?.reason !== 'ClusterReplaced'
  const next = (type: string, holds: boolean, reason: string, message: string) =>
    condition(
      stored,
      {
        type,
        status: holds ? 'True' : 'False',
        reason,
        message,
        ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
      },
      now,
    )
  return {
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    ...(isSeen ? factsOf(found) : known),
    ...(server !== undefined && { server }),
    conditions: [
      reached
        ? next('Reachable', true, 'Reachable', 'its API server answers, and accepts the credentials')
        : next('Reachable', false, found.reason, found.message),
      problem === undefined
        ? next('Ready', true, 'Ready', 'caches can be staged there')
        : next('Ready', false, problem.reason, problem.message),
    ],
  }
}

function factsOf({ problem: _, storageClasses, ...facts }: Seen) {
  return { ...facts, storageClasses: [...storageClasses] }
}

function problemOf(
  cluster: InferenceCluster,
  { clusterID, problem }: Seen,
  { namesake, hubID }: Pick<Around, 'namesake' | 'hubID'>,
): ClusterProblem | undefined {
  const known = cluster.status?.clusterID
  if (known !== undefined && known !== clusterID)
    return new ClusterProblem(
      'ClusterReplaced',
      `another cluster answers there: its namespace kube-system has UID ${clusterID}, and that of the registered one ${known}; if that is meant, delete this InferenceCluster and create it again`,
    )
  if (clusterID === hubID && !isLocal(cluster))
    return new ClusterProblem(
      'ClusterIsHub',
      'it leads to the cluster of the hub itself; if that is meant, use source Local',
    )
  if (namesake !== undefined)
    return new ClusterProblem(
      'ClusterRegisteredTwice',
      `InferenceCluster ${namesake} is the same cluster; delete one of them`,
    )
  return problem
}
