import type { ModelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { PAUSED, STORAGE_FINALIZER } from '../../api/names.ts'
import type { Occurrence } from '../../kube/events.ts'
import type { Observation } from './observe.ts'
import { statusOf } from './status/status.ts'
import { transitions } from './status/transitions.ts'
import type { Step, StepResult, Write } from './step.ts'
import { rejected } from './steps/api-rejection.ts'
import { claimed } from './steps/claimed.ts'
import { deletion } from './steps/deletion.ts'
import { existingClaim } from './steps/existing-claim.ts'
import { hydrated } from './steps/hydrated.ts'
import { isStaged, isToBeStagedAgain, latched } from './steps/latched.ts'
import { measured } from './steps/measured.ts'
import { notImplemented } from './steps/not-implemented.ts'

/** In order: a step with a verdict ends the chain. One file each. */
const STEPS: readonly Step[] = [existingClaim, notImplemented, latched, rejected, measured, claimed, hydrated]

/** What is to be done about a cache. */
export interface Plan {
  writes: readonly Write[]
  /** The whole status, as it is to be; undefined where it is left as it is. */
  status?: ModelCacheStatus
  events: readonly Occurrence[]
  againMs?: number | undefined
}

/** What a cache needs, decided from what was seen alone. */
export function plan(seen: Observation): Plan {
  const { metadata } = seen.cache
  if (metadata.deletionTimestamp !== undefined) return { writes: deletion(seen), events: [] }
  if (isPaused(seen.cache)) return { writes: [], events: [] }
  // The write changes the version on which status rests, so that comes next.
  const isHeld = metadata.finalizers?.includes(STORAGE_FINALIZER) === true
  if (isHeld !== isToBeHeld(seen)) return { writes: [{ do: 'finalizer', present: !isHeld }], events: [] }
  const results: StepResult[] = []
  for (const step of STEPS) {
    const result = step(seen)
    results.push(result)
    if (result.verdict !== undefined) break
  }
  const status = statusOf(seen, results)
  const waits = results.flatMap(({ againMs }) => againMs ?? [])
  return {
    writes: seen.rejection === undefined ? results.flatMap(({ writes = [] }) => writes) : [],
    status,
    events: transitions(seen.cache, status),
    againMs: waits.length === 0 ? undefined : Math.min(...waits),
  }
}

/**
 * Whether the cache must not go before we have ended what writes for it. Once it is staged, the garbage collector
 * takes the claim away as well as we would, and a namespace can go while no controller runs.
 */
function isToBeHeld(seen: Observation): boolean {
  const { cache, work } = seen
  if (cache.spec.storage.backend !== 'PVC') return false
  if (work.hydrate !== undefined || work.measure !== undefined) return true
  return notImplemented(seen).verdict === undefined && (!isStaged(cache) || isToBeStagedAgain(cache))
}

/** Whether somebody wants the controller to keep its hands off. */
function isPaused({ metadata }: ModelCache): boolean {
  return metadata.annotations?.[PAUSED] === 'true'
}
