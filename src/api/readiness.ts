import type { Condition } from './condition.ts'
import type { ModelCache } from './modelcache.ts'

/** Whether the controller says that the cache can be mounted: its condition Ready is True. */
export function isReady({ status }: ModelCache): boolean {
  return conditionOf(status, 'Ready')?.status === 'True'
}

/** The condition of a type in a status. Kubernetes allows one of each. */
export function conditionOf(
  status: { readonly conditions?: readonly Condition[] | undefined } | undefined,
  type: Condition['type'],
): Condition | undefined {
  return status?.conditions?.find(condition => condition.type === type)
}
