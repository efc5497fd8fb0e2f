import type { PersistentVolumeClaim } from '../../../api/kubernetes/persistent-volume-claim.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { rfc3339 } from '../../conditions.ts'
import { deletions } from '../job/ended.ts'
import { advanceRun } from '../job/run.ts'
import { isLeftBehind, isMadeFor } from '../objects/made-for.ts'
import type { Observation } from '../observe.ts'
import { isOnItsClaim, isStaged } from '../staged.ts'
import { type Actions, goOn, notReady, ready, type Step, type StepResult } from '../step.ts'
import { adoption, notOwned, terminating, volumeLost } from './claim.ts'

/**
 * The claim of a staged cache is gone, or another one has its name. The controller creates a claim that is
 * gone, and takes over one that was restored if every file of the snapshot is on it. Otherwise it stages the
 * cache again.
 */
export const replacedClaim: Step = seen => {
  const { cache, claim } = seen
  if (!isStaged(cache) || isOnItsClaim(seen) || claim === undefined) return goOn()
  const { name, deletionTimestamp } = claim.metadata
  if (deletionTimestamp !== undefined) return terminating(seen, name)
  // A claim that people made is theirs, whatever its UID is.
  if (cache.spec.storage.backend === 'ExistingPVC') return verified(seen, claim)
  if (isLeftBehind(cache, claim))
    return notReady(replaced(name, 'the controller takes it over, and hashes what is on it'), 'Pending', {
      writes: [adoption(cache, claim)],
    })
  if (!isMadeFor(cache, claim)) return notOwned(seen, name)
  if (claim.status?.phase === 'Lost') return volumeLost(seen, name)
  return verified(seen, claim)
}

function verified(seen: Observation, claim: PersistentVolumeClaim): StepResult {
  const { name } = claim.metadata
  const { hydrate, measure } = seen.runs
  const { result, at } = advanceRun(seen, 'verify')
  const tidied = deletions(hydrate, measure)
  if (result === undefined) return takenOver(seen, claim, at, { writes: tidied })
  const { verdict, writes = [], ...actions } = result
  const beside: Actions = { ...actions, writes: [...tidied, ...writes] }
  if (verdict === undefined) return goOn(beside)
  if (verdict.reason !== 'SnapshotDamaged' && verdict.reason !== 'SnapshotNotFound')
    return { ...beside, verdict: { ...verdict, message: `${replaced(name).message}; ${verdict.message}` } }
  const lost = replaced(name, 'the snapshot is not on it, so the controller stages the cache again')
  return notReady(lost, 'Pending', { writes: deletions(...Object.values(seen.runs)), status: NOT_STAGED })
}

function takenOver(
  { cache, now }: Observation,
  claim: PersistentVolumeClaim,
  at: string | undefined,
  actions: Actions,
): StepResult {
  const { resolvedDigest = '', hydration } = cache.status ?? {}
  const message = `claim ${claim.metadata.name} was replaced, and every file of the snapshot is on the new one`
  const status: Partial<ModelCacheStatus> = {
    claimName: claim.metadata.name,
    claimUID: claim.metadata.uid,
    snapshots: [{ digest: resolvedDigest }],
    verification: { digest: resolvedDigest, intact: true, finishedAt: at ?? rfc3339(now) },
    hydration: { ...hydration, attempt: undefined, message: undefined, failure: undefined },
  }
  return ready({ reason: 'SnapshotComplete', message }, { ...actions, status })
}

function replaced(claim: string, ...more: string[]) {
  const message = [`claim ${claim} is another one than before`, ...more].join('; ')
  return { reason: 'ClaimReplaced', message } as const
}

/** What status no longer says once the snapshot is lost. The size of the artifact stays known. */
const NOT_STAGED: { [K in keyof ModelCacheStatus]?: undefined } = {
  claimUID: undefined,
  resolvedDigest: undefined,
  resolvedRevision: undefined,
  snapshots: undefined,
  removal: undefined,
  bytesStaged: undefined,
  filesStaged: undefined,
  progress: undefined,
  lastHydratedAt: undefined,
  verification: undefined,
  hydration: undefined,
}
