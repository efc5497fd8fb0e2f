import type { InferenceCluster } from '../api/inference-cluster.ts'
import { conditionOf } from '../api/readiness.ts'
import { isOther } from './cluster-status.ts'

/** Why nothing is known now of the cluster of an InferenceCluster; undefined if it answers. */
export function unknownBy({ status }: InferenceCluster): string | undefined {
  const reachable = conditionOf(status, 'Reachable')
  if (reachable === undefined) return 'the hub has not looked at the cluster yet'
  if (reachable.status !== 'True') return `not reached (${reachable.reason}): ${reachable.message}`
  const ready = conditionOf(status, 'Ready')
  return ready !== undefined && isOther(ready.reason) ? `${ready.reason}: ${ready.message}` : undefined
}
