/** What the rules say about a review. */
export interface Verdict {
  /** Not even a review: answered with 400 and no verdict. */
  isReview: boolean
  allowed: boolean
  /** Every true reason for a denial. If there are several, not all of them must be reported. */
  reasons: Set<string>
  /** The reasons of warnings; undefined if the oracle does not state them. */
  warnings?: Set<string>
  /** The object of the request, with its additions. */
  object: unknown
}

/** Allowed if no reason speaks against it. */
export function judged(object: unknown, reasons: Iterable<string>, warnings?: Iterable<string>): Verdict {
  const against = new Set(reasons)
  const told = warnings === undefined ? {} : { warnings: new Set(warnings) }
  return { isReview: true, allowed: against.size === 0, reasons: against, object, ...told }
}
