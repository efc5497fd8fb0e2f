/**
 * What follows from a reason:
 * - `progress`: nothing is wrong, and the message says how far the work is;
 * - `passes`: it is tried again at once, or it ends when its cause does;
 * - `retried`: the run has ended, and the controller tries again after a pause, or as soon as it sees that
 *   the cause is gone;
 * - `final`: nothing happens until somebody changes the ModelCache, its Secret or its source;
 * - `ok`: the cache is Ready.
 */
export type Effect = 'progress' | 'passes' | 'retried' | 'final' | 'ok'

/** Who must act: the author of the ModelCache, an administrator of the cluster, or nobody. */
export type Actor = 'author' | 'administrator' | 'nobody'

/** The meaning of a reason in a condition of a ModelCache, what follows from it, and what to do about it. */
export interface StatusReasonText {
  readonly effect: Effect
  readonly who: Actor
  readonly when: string
  readonly fix: string
}

export const NOTHING = 'Nothing.'
