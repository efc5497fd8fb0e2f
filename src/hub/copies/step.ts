import { COPIES_FINALIZER } from '../../api/names.ts'
import type { AnyCopy, AnyOriginal } from './copied-kind.ts'

/** What to do about an object in one other cluster. */
export type Step =
  /** Nothing: it is as it should be, or somebody else must act first. */
  | 'none'
  /** Bring the copy in line with its original, or make it. */
  | 'apply'
  /** Delete the copy. */
  | 'delete'

/** What the hub has decided about an object in a cluster. */
export interface Decided {
  /** The object goes there. */
  readonly isPlaced: boolean
  /** Its status says that it may be there, also to a hub that starts again. */
  readonly isNoted: boolean
  /** How the copy is to be; undefined if that is not known yet. */
  readonly fingerprint: string | undefined
}

/** Decides about one object and one cluster, from what is known of both. */
export function stepFor(
  original: AnyOriginal,
  copy: AnyCopy | undefined,
  { isPlaced, isNoted, fingerprint }: Decided,
): Step {
  const { deletionTimestamp, finalizers = [] } = original.metadata
  const isWanted = isPlaced && deletionTimestamp === undefined
  if (copy?.metadata.deletionTimestamp !== undefined) return 'none'
  if (!isWanted) return copy === undefined ? 'none' : 'delete'
  // First the original remembers where it has copies, and cannot go before them.
  if (!finalizers.includes(COPIES_FINALIZER) || !isNoted) return 'none'
  if (fingerprint === undefined) return 'none'
  return copy?.fingerprint === fingerprint ? 'none' : 'apply'
}
