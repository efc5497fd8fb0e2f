import { STORAGE_FINALIZER } from '../../../api/names.ts'
import { isFinished } from '../job/pods.ts'
import { deletions } from '../job/run.ts'
import { isMadeFor } from '../objects/made-for.ts'
import type { Observation, Run } from '../observe.ts'
import type { Write } from '../step.ts'

/**
 * What is to be done for a cache on its way out: its Jobs with their pods go first, so that nothing writes any more;
 * then the claim, which pods that still mount it keep until they end; then the cache itself. Claims that people
 * filled are theirs.
 */
export function deletion({ cache, claim, runs }: Observation): readonly Write[] {
  if (!cache.metadata.finalizers?.includes(STORAGE_FINALIZER)) return []
  const endings = deletions(runs.hydrate, runs.measure)
  if (endings.length > 0) return endings
  // A Job may stay for as long as somebody's finalizer is on it.
  if ([runs.hydrate, runs.measure].some(mayWrite)) return []
  const isOwn = cache.spec.storage.backend === 'PVC' && claim !== undefined && isMadeFor(cache, claim)
  if (!isOwn || claim.metadata.deletionTimestamp !== undefined) return [{ do: 'finalizer', present: false }]
  const { name, uid } = claim.metadata
  return [{ do: 'delete', kind: 'PersistentVolumeClaim', name, uid, propagation: 'Background' }]
}

/** Whether a pod of a Job that is being deleted may still write: one that no node has is given none any more. */
function mayWrite(run: Run | undefined): boolean {
  return run?.pods.some(pod => !isFinished(pod) && pod.status?.phase !== 'Pending') ?? false
}
