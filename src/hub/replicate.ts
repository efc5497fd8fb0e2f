import type { ModelCache } from '../api/modelcache.ts'
import { COPIES_FINALIZER } from '../api/names.ts'
import { type Additions, type Copy, fingerprintOf } from './copy.ts'
import { finalizerChange } from './finalizer-change.ts'
import type { Replica } from './summary.ts'

/** What to do about a ModelCache in one other cluster. */
export type Step =
  /** Nothing: it is as it should be, or somebody else must act first. */
  | 'none'
  /** Bring the copy in line with the ModelCache, or make it. */
  | 'apply'
  /** Delete the copy. */
  | 'delete'
  /** Its ModelCache is gone, though nobody has deleted it by way of the API. The copy is left alone. */
  | 'orphan'

/**
 * Decides about one ModelCache and one cluster, from what is known of both. `isPlaced` is whether the
 * ModelCache goes there, and `additions` are what its copy has beside what the author has written; undefined
 * if that is not known yet.
 */
export function stepFor(
  cache: ModelCache | undefined,
  copy: Copy | undefined,
  { cluster, isPlaced, additions }: { cluster: string; isPlaced: boolean; additions: Additions | undefined },
): Step {
  if (cache === undefined) return copy === undefined ? 'none' : 'orphan'
  const { deletionTimestamp, finalizers = [] } = cache.metadata
  const isWanted = isPlaced && deletionTimestamp === undefined
  if (copy?.metadata.deletionTimestamp !== undefined) return 'none'
  if (!isWanted) return copy === undefined ? 'none' : 'delete'
  // First the ModelCache remembers where it has copies, also for a hub that starts again, and cannot go
  // before them.
  if (!finalizers.includes(COPIES_FINALIZER) || !mayHaveCopy(cache, cluster)) return 'none'
  if (additions === undefined) return 'none'
  return copy?.fingerprint === fingerprintOf(cache, additions) ? 'none' : 'apply'
}

/** Whether status says that a cluster may have a copy. If there are many, it names some of them. */
export function mayHaveCopy({ status }: ModelCache, cluster: string): boolean {
  if (status?.replicas === undefined) return false
  return status.moreClusters !== undefined || status.clusters?.some(({ name }) => name === cluster) === true
}

/**
 * Whether the finalizer that keeps a deleted ModelCache for its copies is to be there; undefined if it is as
 * it should be. It goes when no cluster can have a copy any more.
 */
export function finalizerFor({ metadata }: ModelCache, replicas: readonly Replica[]): boolean | undefined {
  const isDeleted = metadata.deletionTimestamp !== undefined
  const isPresent = metadata.finalizers?.includes(COPIES_FINALIZER) === true
  const isNeeded = isDeleted ? replicas.some(mayExist) : replicas.length > 0
  return finalizerChange({ isNeeded, isPresent, isDeleted })
}

function mayExist({ copy, unknown, isUnheard }: Replica): boolean {
  return copy !== undefined || unknown !== undefined || isUnheard === true
}
