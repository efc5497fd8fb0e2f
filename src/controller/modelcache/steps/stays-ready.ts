import type { ModelCache } from '../../../api/modelcache.ts'
import { REFETCH } from '../../../api/names.ts'
import { conditionOf } from '../../../api/readiness.ts'
import { deletions } from '../job/run.ts'
import { claimOf, type Observation } from '../observe.ts'
import { type Cause, goOn, notReady, ready, type Step, type StepResult, type Write } from '../step.ts'
import { growth, sizeOnClaim, volumeLost } from './claim.ts'
import { snapshot } from './snapshot.ts'

/**
 * A staged cache stays Ready until its snapshot is lost, and nothing else ends that: a pod of a live service
 * that is replaced must find it. A new run goes on beside it.
 */
export const staysReady: Step = seen => {
  if (!isStaged(seen.cache)) return goOn()
  const lost = loss(seen)
  if (lost !== undefined) return notReady(lost, 'Failed', { writes: tidied(seen) })
  const writes = growth(seen)
  const status = sizeOnClaim(seen)
  if (!isToBeStagedAgain(seen.cache))
    return ready(before(seen), { writes: [...writes, ...tidied(seen)], status })
  const again = snapshot(seen)
  const result = stillReady(seen, again)
  return { ...result, status: { ...status, ...result.status }, writes: [...writes, ...(again.writes ?? [])] }
}

/** Whether a snapshot was complete once, on a known claim. */
export function isStaged({ status }: ModelCache): boolean {
  return status?.resolvedDigest !== undefined && status.claimUID !== undefined
}

/** Whether the refetch annotation has a value that was not handled yet. */
export function isToBeStagedAgain({ metadata, status }: ModelCache): boolean {
  const wanted = metadata.annotations?.[REFETCH]
  return wanted !== undefined && wanted !== status?.hydration?.refetch
}

/** Why the staged snapshot is gone. */
function loss({ cache, claim }: Observation): Cause | undefined {
  const name = claimOf(cache)
  if (claim === undefined || claim.metadata.uid !== cache.status?.claimUID) {
    const message = `claim ${name} was deleted or replaced by another one, whose content nobody has verified; delete the ModelCache and create it again`
    return { reason: 'ClaimReplaced', message }
  }
  if (claim.metadata.deletionTimestamp !== undefined) {
    const message = `somebody has deleted claim ${name}; it stays until the last pod that mounts it has ended; delete the ModelCache and create it again`
    return { reason: 'ClaimTerminating', message }
  }
  return claim.status?.phase === 'Lost' ? volumeLost(name) : undefined
}

/** Deletes the Job: it is done, and its pod would pin the volume. */
function tidied({ runs }: Observation): Write[] {
  return deletions(runs.hydrate, runs.measure)
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
function stillReady(seen: Observation, { verdict, status = {}, againMs }: StepResult): StepResult {
  if (verdict?.ready) return ready(verdict, { status })
  const message = verdict && `${verdict.reason}: ${verdict.message}`
  const hydration = { ...(status.hydration ?? seen.cache.status?.hydration), message }
  return ready(before(seen), { status: { hydration }, againMs })
}
