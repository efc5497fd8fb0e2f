import type { Reason } from './reasons.ts'
import { foreign } from './schema/text.ts'

/** Why something is denied: a stable reason, the field at fault, and a text that says what to do. */
export interface Violation {
  reason: Reason
  /** Path of the field, such as `spec.storage.pvc.storageClassName`. */
  field: string
  /** What is wrong and what to do, in one or two lines, without the reason. */
  text: string
}

/** Maximum characters of a message: more than any rule writes about names and paths of normal length. */
const MAX_TEXT = 2048
const MAX_FIELD = 512

/**
 * A violation. Its texts are cut if the object made them too long, and escaped so that no terminal obeys
 * them.
 */
export function violation(reason: Reason, field: string, text: string): Violation {
  return { reason, field: foreign(field, MAX_FIELD), text: foreign(text, MAX_TEXT) }
}
