import { COPIES_FINALIZER } from '../../api/names.ts'
import { finalizerChange } from '../finalizer-change.ts'
import type { AnyOriginal } from './copied-kind.ts'

/** An object in one other cluster, as far as the finalizer depends on it. */
export interface Whereabouts {
  readonly copy?: object | undefined
  /** Why nothing is known of the cluster now. */
  readonly unknown?: string | undefined
  /** The hub has just started, and has not heard of the cluster yet. */
  readonly isUnheard?: boolean | undefined
}

/**
 * Whether the finalizer that keeps a deleted object for its copies is to be there; undefined if it is as it
 * should be. It goes when no cluster can have a copy any more.
 */
export function finalizerFor(
  { metadata }: AnyOriginal,
  elsewhere: readonly Whereabouts[],
): boolean | undefined {
  const isDeleted = metadata.deletionTimestamp !== undefined
  const isPresent = metadata.finalizers?.includes(COPIES_FINALIZER) === true
  const isNeeded = isDeleted ? elsewhere.some(mayExist) : elsewhere.length > 0
  return finalizerChange({ isNeeded, isPresent, isDeleted })
}

function mayExist({ copy, unknown, isUnheard }: Whereabouts): boolean {
  return copy !== undefined || unknown !== undefined || isUnheard === true
}
