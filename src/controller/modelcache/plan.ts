import type { ModelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { PAUSED, STORAGE_FINALIZER } from '../../api/names.ts'
import { isStaging } from '../../api/staging.ts'
import type { EventInput } from '../../kube/events.ts'
import type { Observation } from './observe.ts'
import { isToBeStagedAgain } from './refetch.ts'
import { isStaged } from './staged.ts'
import { statusOf } from './status/status.ts'
import { transitions } from './status/transitions.ts'
import type { Step, StepResult, Write } from './step.ts'
import { rejected } from './steps/api-rejection.ts'
import { claim } from './steps/claim.ts'
import { deletion } from './steps/deletion.ts'
import { elsewhere } from './steps/elsewhere.ts'
import { existingClaim } from './steps/existing-claim.ts'
import { notImplemented } from './steps/not-implemented.ts'
import { replacedClaim } from './steps/replaced-claim.ts'
import { size } from './steps/size.ts'
import { snapshot } from './steps/snapshot.ts'
import { staysReady } from './steps/stays-ready.ts'

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
  // Take over the claim of a staged cache that was restored, or stage the cache again.
  replacedClaim,
  // Make sure we know how large the claim must be.
  size,
  // Make sure the claim exists, is ours, and is large enough.
  claim,
  // Run the Job that writes the snapshot.
  snapshot,
]

/** What to do about a cache. */
export interface Plan {
  writes: readonly Write[]
  /** The whole status to write; undefined to leave it as it is. */
  status?: ModelCacheStatus | undefined
  events: readonly EventInput[]
  againMs?: number | undefined
}

/** Decides what a cache needs, only from what was observed. */
export function plan(seen: Observation): Plan {
  const { metadata } = seen.cache
  if (metadata.deletionTimestamp !== undefined) return { writes: deletion(seen), events: [] }
  if (isPaused(seen.cache)) return { writes: [], events: [] }
  const away = elsewhere(seen)
  if (away !== undefined) return { events: [], ...away }
  const results: StepResult[] = []
  for (const step of STEPS) {
    const result = step(seen)
    results.push(result)
    if (result.verdict !== undefined) break
  }
  const status = statusOf(seen, results)
  const waits = results.flatMap(({ againMs }) => againMs ?? [])
  return {
    writes:
      seen.rejection === undefined
        ? [...finalizer(seen), ...results.flatMap(({ writes = [] }) => writes)]
        : [],
    status,
    events: [...transitions(seen.cache, status), ...results.flatMap(({ events = [] }) => events)],
    againMs: waits.length === 0 ? undefined : Math.min(...waits),
  }
}

/** Sets or removes our finalizer, whoever has set it before: a restored ModelCache may bring it along. */
function finalizer(seen: Observation): Write[] {
  const isPresent = seen.cache.metadata.finalizers?.includes(STORAGE_FINALIZER) === true
  const isNeeded = needsFinalizer(seen)
  return isPresent === isNeeded ? [] : [{ do: 'finalizer', present: isNeeded }]
}

/**
 * Whether the cache needs our finalizer, so that it stays until we have ended the Jobs that write for it.
 * Once the cache is staged, the garbage collector can delete the claim as well as we can, and a namespace can
 * go even if no controller runs.
 */
function needsFinalizer(seen: Observation): boolean {
  const { cache, runs, now } = seen
  if (!isStaging(cache.spec)) return false
  if ([runs.hydrate, runs.measure, runs.prune, cache.status?.removal].some(Boolean)) return true
  return notImplemented(seen).verdict === undefined && (!isStaged(cache) || isToBeStagedAgain(cache, now))
}

/** Whether somebody has paused the controller for this cache. */
function isPaused({ metadata }: ModelCache): boolean {
  return metadata.annotations?.[PAUSED] === 'true'
}
