import type { Reason } from '../api/reasons.ts'
import { cut } from '../api/schema/text.ts'
import { type Violation, violation } from '../api/violation.ts'
import type { ObjectRef } from './cluster-view.ts'

/**
 * What a rule found: an error denies, a warning is told. `basis` names the objects whose absence or state it rests
 * on; the caller reads them live and decides again before it gives this answer. Empty: the request alone decides.
 */
export interface Finding {
  severity: 'error' | 'warning'
  violation: Violation
  basis: readonly ObjectRef[]
}

/** A reason to deny. */
export function error(found: Violation, basis: readonly ObjectRef[] = []): Finding {
  return { severity: 'error', violation: found, basis }
}

/** The API server cuts warnings once all of them together are long; a short one is always whole. */
const MAX_WARNING = 200

/** A warning, its text cut where an object has given it too much. The reason that precedes it counts too. */
export function warning(
  reason: Reason,
  field: string,
  text: string,
  basis: readonly ObjectRef[] = [],
): Finding {
  const room = MAX_WARNING - reason.length - ': '.length
  return { severity: 'warning', violation: violation(reason, field, cut(text, room)), basis }
}
