import { conditionOf } from '../../../api/readiness.ts'
import { rfc3339 } from '../../conditions.ts'
import { deletions } from '../job/ended.ts'
import type { Observation } from '../observe.ts'
import { dueAt, isAskedFor, isToBeStagedAgain } from '../refetch.ts'
import { isOnItsClaim, isStaged } from '../staged.ts'
import {
  type Actions,
  type Cause,
  goOn,
  notReady,
  ready,
  type Step,
  type StepResult,
  type Write,
} from '../step.ts'
import { growth, terminating, volumeLost } from './claim.ts'
import { comesFirst, pruning } from './pruning.ts'
import { snapshot } from './snapshot.ts'
import { damage, isToBeVerified, verification } from './verification.ts'

const DAY_MS = 86_400_000

/**
 * A staged cache stays Ready until its snapshot is lost, or a verification finds it damaged, and nothing else
 * ends that: a pod of a live service that is replaced must find it. A new run goes on beside it.
 */
export const staysReady: Step = seen => {
  const { cache } = seen
  if (!isStaged(cache) || !isOnItsClaim(seen)) return goOn()
  const lost = loss(seen)
  if (lost !== undefined) return lost
  const common: Actions = { writes: growth(seen) }
  if (isToBeVerified(cache)) return unchanged(seen, joined(common, checking(seen)))
  if (comesFirst(seen)) {
    const room = pruning(seen)
    if (room !== undefined) return unchanged(seen, joined(common, room))
  }
  if (isToBeStagedAgain(cache, seen.now)) {
    const again = snapshot(seen)
    if (again.verdict?.ready) return ready(again.verdict, joined(common, again))
    if (again.verdict?.phase === 'Failed' && !isAskedFor(cache))
      return unchanged(seen, joined(common, putOff(seen, again.verdict)))
    return unchanged(seen, joined(common, beside(seen, again)))
  }
  const rest = pruning(seen) ?? { writes: tidied(seen) }
  return unchanged(seen, joined({ ...common, againMs: untilDue(seen) }, rest))
}

/** Why no pod can get the staged snapshot any more. */
function loss(seen: Observation): StepResult | undefined {
  const { claim } = seen
  if (claim?.metadata.deletionTimestamp !== undefined) return terminating(seen, claim.metadata.name)
  return claim?.status?.phase === 'Lost' ? volumeLost(seen, claim.metadata.name) : undefined
}

/** Deletes the Job: it is done, and its pod would pin the volume. */
function tidied({ runs }: Observation): Write[] {
  return deletions(runs.hydrate, runs.measure, runs.verify, runs.prune)
}

/** What status has said since the cache was staged. */
function before({ cache, claim }: Observation): Cause {
  const ready = conditionOf(cache.status, 'Ready')
  const said = ready?.reason === 'SnapshotComplete' ? ready.message : undefined
  return {
    reason: 'SnapshotComplete',
    message: said ?? `the snapshot is on claim ${claim?.metadata.name}`,
  }
}

/** During a new run, `status.hydration.message` says how it goes, until it is complete. */
function beside(seen: Observation, { verdict, status = {}, writes = [], againMs }: StepResult): Actions {
  const message = verdict && `${verdict.reason}: ${verdict.message}`
  const hydration = { ...(status.hydration ?? seen.cache.status?.hydration), message }
  return {
    status: { hydration },
    writes: [...deletions(seen.runs.verify, seen.runs.prune), ...writes],
    againMs,
  }
}

/** How long until the source is looked at again. A timer of Node runs for less than 25 days. */
function untilDue({ cache, now }: Observation): number | undefined {
  const due = dueAt(cache)
  return due === undefined ? undefined : Math.min(due - now, DAY_MS)
}

/** A source that cannot be read now is looked at again the next time. Nothing is lost by that. */
function putOff(seen: Observation, { reason, message }: Cause): Actions {
  const { hydration } = seen.cache.status ?? {}
  const note = `${reason}: ${message}`
  return {
    writes: tidied(seen),
    status: {
      lastCheckedAt: rfc3339(seen.now),
      hydration: { ...hydration, attempt: undefined, failure: undefined, message: note },
    },
    events: [{ type: 'Warning', reason: 'RefetchFailed', action: 'Stage', note }],
  }
}

function checking(seen: Observation): Actions {
  const { hydrate, measure, prune } = seen.runs
  return joined({ writes: deletions(hydrate, measure, prune) }, verification(seen))
}

function unchanged(seen: Observation, actions: Actions): StepResult {
  const damaged = damage({ ...seen.cache.status, ...actions.status })
  return damaged === undefined ? ready(before(seen), actions) : notReady(damaged, 'Failed', actions)
}

function joined(one: Actions, other: Actions): Actions {
  return {
    writes: [...(one.writes ?? []), ...(other.writes ?? [])],
    status: { ...one.status, ...other.status },
    events: [...(one.events ?? []), ...(other.events ?? [])],
    againMs: earliest(one.againMs, other.againMs),
  }
}

function earliest(...waits: (number | undefined)[]): number | undefined {
  const known = waits.filter(wait => wait !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
