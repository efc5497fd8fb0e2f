import { STORAGE_FINALIZER } from '../../../api/names.ts'
import { deletions } from '../job/ended.ts'
import { isFinished } from '../job/pods.ts'
import { isMadeFor } from '../objects/made-for.ts'
import type { Observation, Run } from '../observe.ts'
import type { Write } from '../step.ts'

/** What to do about a cache that is being deleted: what was made for it goes, and then the cache. */
export function deletion(seen: Observation): readonly Write[] {
  if (!seen.cache.metadata.finalizers?.includes(STORAGE_FINALIZER)) return []
  return clearing(seen) ?? [{ do: 'finalizer', present: false }]
}

/**
 * Clears away what was made for a cache; undefined if that is done. First its Jobs and their pods go, so that
 * nothing writes any more. Then the claim goes; it stays until the last pod that mounts it has ended. Claims
 * that people filled are left alone.
 */
export function clearing({ cache, claim, runs }: Observation): Write[] | undefined {
  const endings = deletions(runs.hydrate, runs.measure, runs.verify, runs.prune)
  if (endings.length > 0) return endings
  // Another finalizer may keep a Job for a long time.
  if ([runs.hydrate, runs.measure].some(mayWrite)) return []
  const isOwn = cache.spec.storage.backend === 'PVC' && claim !== undefined && isMadeFor(cache, claim)
  if (!isOwn || claim.metadata.deletionTimestamp !== undefined) return undefined
  const { name, uid } = claim.metadata
  return [{ do: 'delete', kind: 'PersistentVolumeClaim', name, uid, propagation: 'Background' }]
}

/** Whether a pod of a Job that is being deleted may still write. A pod without a node never gets one now. */
function mayWrite(run: Run | undefined): boolean {
  return run?.pods.some(pod => !isFinished(pod) && pod.status?.phase !== 'Pending') ?? false
}
