import type { ModelCache } from '../../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { conditionOf, isReady } from '../../../api/readiness.ts'
import { effectOf } from '../../../api/status-reasons.ts'
import type { EventInput } from '../../../kube/events.ts'

/** Events for people: each change of phase, and each new obstacle. */
export function transitions(cache: ModelCache, status: ModelCacheStatus): EventInput[] {
  const before = conditionOf(cache.status, 'Ready')
  const after = conditionOf(status, 'Ready')
  if (after === undefined) return []
  const isSame = cache.status?.phase === status.phase && before?.reason === after.reason
  const wasReady = isReady(cache)
  const isNow = isReady({ ...cache, status })
  if (isSame && wasReady === isNow) return []
  const note = `${after.reason}: ${after.message}`
  if (isNow) return wasReady ? [] : [{ type: 'Normal', reason: 'Ready', action: 'Stage', note }]
  if (wasReady) return [{ type: 'Warning', reason: 'NotReady', action: 'Stage', note }]
  if (effectOf(after.reason) !== 'progress')
    return [{ type: 'Warning', reason: after.reason, action: 'Stage', note }]
  if (cache.status?.phase === status.phase) return []
  return [{ type: 'Normal', reason: status.phase ?? after.reason, action: 'Stage', note }]
}
