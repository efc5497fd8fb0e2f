import { STORAGE_FINALIZER } from '../../../api/names.ts'
import { deletions } from '../job/ended.ts'
import { isFinished } from '../job/pods.ts'
import { isMadeFor } from '../objects/made-for.ts'
import type { Observation, Run } from '../observe.ts'
import type { Write } from '../step.ts'

/**
 * What to do about a cache that is being deleted. First its Jobs and their pods go, so that nothing writes
 * any more. Then the claim goes; it stays until the last pod that mounts it has ended. Then the cache goes.
 * Claims that people filled are left alone.
 */
export function deletion({ cache, claim, runs }: Observation): readonly Write[] {
  if (!cache.metadata.finalizers?.includes(STORAGE_FINALIZER)) return []
  const endings = deletions(runs.hydrate, runs.measure, runs.verify)
  if (endings.length > 0) return endings
  // Another finalizer may keep a Job for a long time.
  if ([runs.hydrate, runs.measure].some(mayWrite)) return []
  const isOwn = cache.spec.storage.backend === 'PVC' && claim !== undefined && isMadeFor(cache, claim)
  if (!isOwn || claim.metadata.deletionTimestamp !== undefined) return [{ do: 'finalizer', present: false }]
  const { name, uid } = claim.metadata
  return [{ do: 'delete', kind: 'PersistentVolumeClaim', name, uid, propagation: 'Background' }]
}

/** Whether a pod of a Job that is being deleted may still write. A pod without a node never gets one now. */
function mayWrite(run: Run | undefined): boolean {
  return run?.pods.some(pod => !isFinished(pod) && pod.status?.phase !== 'Pending') ?? false
}
