import type { ModelCache } from './modelcache.ts'

/** Whether the controller says that the cache can be mounted: condition Ready is True. */
export function isReady({ status }: ModelCache): boolean {
  return (
    status?.conditions?.some(condition => condition.type === 'Ready' && condition.status === 'True') ?? false
  )
}
