import { STORAGE_FINALIZER } from '../../api/managed-claim.ts'
import { isMadeFor } from './objects/made-for.ts'
import type { Observation } from './observe.ts'
import type { Write } from './step.ts'
import { deletions } from './task.ts'

/**
 * What is to be done for a cache on its way out: its Jobs with their pods go first, so that nothing writes any more; then the claim, which
 * pods that still mount it keep until they end; then the cache itself. Claims that people filled are theirs.
 */
export function deletion({ cache, claim, work }: Observation): readonly Write[] {
  if (!cache.metadata.finalizers?.includes(STORAGE_FINALIZER)) return []
  if (work.hydrate !== undefined || work.measure !== undefined) return deletions(work.hydrate, work.measure)
  const isOwn = cache.spec.storage.backend === 'PVC' && claim !== undefined && isMadeFor(cache, claim)
  if (!isOwn || claim.metadata.deletionTimestamp !== undefined) return [{ do: 'finalizer', present: false }]
  const { name, uid } = claim.metadata
  return [{ do: 'delete', kind: 'PersistentVolumeClaim', name, uid, propagation: 'Background' }]
}
