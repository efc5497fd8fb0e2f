import type { Reason } from '../api/reasons.ts'
import { cut } from '../api/schema/text.ts'
import { type Violation, violation } from '../api/violation.ts'
import type { ObjectRef } from './cluster-view.ts'

/**
 * What a rule found. An error denies, and a warning is printed. `basis` names the objects whose absence or
 * state the finding rests on; the caller reads them live and decides again before it answers. An empty
 * `basis` means that the request alone decides.
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

/** The API server cuts warnings once they are long together. It never cuts a short one. */
const MAX_WARNING = 200

/** A warning. Its text is cut if the object made it too long; the reason before it counts too. */
export function warning(
  reason: Reason,
  field: string,
  text: string,
  basis: readonly ObjectRef[] = [],
): Finding {
  const room = MAX_WARNING - reason.length - ': '.length
  return { severity: 'warning', violation: violation(reason, field, cut(text, room)), basis }
}
