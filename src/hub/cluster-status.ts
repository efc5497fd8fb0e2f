import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { InferenceClusterStatus } from '../api/inference-cluster-status.ts'
import { condition } from '../controller/conditions.ts'
import type { Seen } from './look.ts'
import { ClusterProblem } from './problem.ts'

/** What a look at a cluster found, or why there was nothing to see. */
export type Found = Seen | ClusterProblem

/**
 * The status of an InferenceCluster after a look. What was known of a cluster that does not answer stays.
 * `namesake` is another InferenceCluster of the same cluster. `now` is in milliseconds since the epoch.
 */
export function clusterStatus(
  { metadata, status: before }: InferenceCluster,
  found: Found,
  { server, namesake, now }: { server: string | undefined; namesake: string | undefined; now: number },
): InferenceClusterStatus {
  const problem = found instanceof ClusterProblem ? found : problemOf(before, found, namesake)
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
  before: InferenceClusterStatus | undefined,
  { clusterID, problem }: Seen,
  namesake: string | undefined,
): ClusterProblem | undefined {
  const known = before?.clusterID
  if (known !== undefined && known !== clusterID)
    return new ClusterProblem(
      'ClusterReplaced',
      `another cluster answers there: its namespace kube-system has UID ${clusterID}, and that of the registered one ${known}; if that is meant, delete this InferenceCluster and create it again`,
    )
  if (namesake !== undefined)
    return new ClusterProblem(
      'ClusterRegisteredTwice',
      `InferenceCluster ${namesake} is the same cluster; delete one of them`,
    )
  return problem
}
