/** What the rules say of a review. */
export interface Verdict {
  /** Not even a review: answered with 400, not with a verdict. */
  isReview: boolean
  allowed: boolean
  /** Every reason for a denial that is true; of several not each must be told. */
  reasons: Set<string>
  /** The reasons of warnings; undefined where they are not stated. */
  warnings?: Set<string>
  /** The object of the request, with what is to be added to it. */
  object: unknown
}

/** Allowed if there is no reason against it. */
export function judged(object: unknown, reasons: Iterable<string>, warnings?: Iterable<string>): Verdict {
  const against = new Set(reasons)
  const told = warnings === undefined ? {} : { warnings: new Set(warnings) }
  return { isReview: true, allowed: against.size === 0, reasons: against, object, ...told }
}
