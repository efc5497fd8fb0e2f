import type { ModelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { PAUSED, STORAGE_FINALIZER } from '../../api/names.ts'
import type { EventInput } from '../../kube/events.ts'
import type { Observation } from './observe.ts'
import { statusOf } from './status/status.ts'
import { transitions } from './status/transitions.ts'
import type { Step, StepResult, Write } from './step.ts'
import { rejected } from './steps/api-rejection.ts'
import { claim } from './steps/claim.ts'
import { deletion } from './steps/deletion.ts'
import { existingClaim } from './steps/existing-claim.ts'
import { notImplemented } from './steps/not-implemented.ts'
import { size } from './steps/size.ts'
import { snapshot } from './steps/snapshot.ts'
import { isStaged, isToBeStagedAgain, staysReady } from './steps/stays-ready.ts'

/** In order; the first step that gives a verdict ends the chain. */
const STEPS: readonly Step[] = [
  // With backend ExistingPVC, the claim alone decides.
  existingClaim,
  // Fail what this version cannot stage.
  notImplemented,
  // Keep a staged cache Ready until its snapshot is lost.
  staysReady,
  // Say why the API server rejected a write.
  rejected,
  // Make sure we know how large the claim must be.
  size,
  // Make sure the claim exists, is ours, and is large enough.
  claim,
  // Run the Job that writes the snapshot.
  snapshot,
]

/** What is to be done about a cache. */
export interface Plan {
  writes: readonly Write[]
  /** The whole status, as it is to be; undefined where it is left as it is. */
  status?: ModelCacheStatus
  events: readonly EventInput[]
  againMs?: number | undefined
}

/** What a cache needs, decided from what was seen alone. */
export function plan(seen: Observation): Plan {
  const { metadata } = seen.cache
  if (metadata.deletionTimestamp !== undefined) return { writes: deletion(seen), events: [] }
  if (isPaused(seen.cache)) return { writes: [], events: [] }
  // The write changes the version on which status rests, so that comes next.
  const hasFinalizer = metadata.finalizers?.includes(STORAGE_FINALIZER) === true
  if (hasFinalizer !== needsFinalizer(seen))
    return { writes: [{ do: 'finalizer', present: !hasFinalizer }], events: [] }
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
function needsFinalizer(seen: Observation): boolean {
  const { cache, runs } = seen
  if (cache.spec.storage.backend !== 'PVC') return false
  if (runs.hydrate !== undefined || runs.measure !== undefined) return true
  return notImplemented(seen).verdict === undefined && (!isStaged(cache) || isToBeStagedAgain(cache))
}

/** Whether somebody wants the controller to keep its hands off. */
function isPaused({ metadata }: ModelCache): boolean {
  return metadata.annotations?.[PAUSED] === 'true'
}
