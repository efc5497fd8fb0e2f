import type { Reason } from './reasons.ts'
import { foreign } from './schema/text.ts'

/** Why something is refused: a stable reason, the field at fault, and words that say what to do about it. */
export interface Violation {
  reason: Reason
  /** Path of the field, such as `spec.storage.pvc.storageClassName`. */
  field: string
  /** What was found and what to do, in one or two lines, without the reason. */
  text: string
}

/** Characters of a message: more than any rule writes about names and paths of a sensible length. */
const MAX_TEXT = 2048
const MAX_FIELD = 512

/** A violation, its texts cut where an object has given them too much, and escaped where a terminal would obey. */
export function violation(reason: Reason, field: string, text: string): Violation {
  return { reason, field: foreign(field, MAX_FIELD), text: foreign(text, MAX_TEXT) }
}
