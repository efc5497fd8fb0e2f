import type { ModelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { isReady } from '../../api/readiness.ts'
import type { Occurrence } from '../../kube/events.ts'
import type { Observation } from './observe.ts'
import { statusOf } from './status.ts'
import type { Step, StepResult } from './step.ts'
import { claimReplaced } from './steps/claim-replaced.ts'
import { existingClaim } from './steps/existing-claim.ts'
import { notStaged } from './steps/not-staged.ts'

/** In order: a step that blocks ends the chain. One file each. */
const STEPS: readonly Step[] = [existingClaim, claimReplaced, notStaged]

/** What is to be done about a cache. */
export interface Plan {
  /** The whole status, as it is to be. */
  status: ModelCacheStatus
  events: readonly Occurrence[]
  againMs?: number | undefined
}

/**
 * What a cache needs, decided from what was seen alone. Undefined where it is to be left as it is: on its way out, or in the hands of a
 * version of this project that stages artifacts.
 */
export function plan(seen: Observation): Plan | undefined {
  if (seen.cache.metadata.deletionTimestamp !== undefined || isStaged(seen)) return undefined
  const results: StepResult[] = []
  for (const step of STEPS) {
    const result = step(seen)
    results.push(result)
    if (result.blocked !== undefined || result.ready !== undefined) break
  }
  const status = statusOf(seen, results)
  const waits = results.flatMap(({ againMs }) => againMs ?? [])
  return {
    status,
    events: transitions(seen.cache, status),
    againMs: waits.length === 0 ? undefined : Math.min(...waits),
  }
}

/** Ready on a claim that is still the one, or past Pending: a version that stages artifacts has been at work on this cache. */
function isStaged({ cache, claim }: Observation): boolean {
  const { spec, status } = cache
  if (spec.storage.backend === 'ExistingPVC') return false
  if (isReady(cache)) return status?.claimUID === undefined || claim?.metadata.uid === status.claimUID
  return status?.phase !== undefined && status.phase !== 'Pending'
}

/** What people want to hear of: that a cache becomes Ready, and that it stops being Ready. */
function transitions(before: ModelCache, status: ModelCacheStatus): Occurrence[] {
  const now = isReady({ ...before, status })
  if (now === isReady(before)) return []
  const { reason = '', message = '' } = status.conditions?.find(({ type }) => type === 'Ready') ?? {}
  return [
    now
      ? { type: 'Normal', reason: 'Ready', action: 'Observe', note: `${reason}: ${message}` }
      : { type: 'Warning', reason: 'NotReady', action: 'Observe', note: `${reason}: ${message}` },
  ]
}
