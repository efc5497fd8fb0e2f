import type { Reason } from '../api/reasons.ts'
import { violation } from '../api/violation.ts'
import { cut } from '../api/wording.ts'
import type { ObjectRef } from './cluster-view.ts'
import type { Finding } from './decision.ts'

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
  return { violation: violation(reason, field, cut(text, room)), basis }
}
