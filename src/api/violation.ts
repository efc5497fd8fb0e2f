import type { Reason } from './reasons.ts'

/** Why something is refused: a stable reason, the field at fault, and words that say what to do about it. */
export interface Violation {
  reason: Reason
  /** Path of the field, such as `spec.storage.pvc.storageClassName`. */
  field: string
  /** What was found and what to do, in one or two lines, without the reason. */
  text: string
}

export function violation(reason: Reason, field: string, text: string): Violation {
  return { reason, field, text }
}
