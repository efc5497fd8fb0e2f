import type { LabelSelector } from '../api/label-selector.ts'

/** The `clusterSelector` of an object that is created or updated. */
export interface SelectorChange {
  selector: LabelSelector | undefined
  /** The stored one on UPDATE. */
  old: LabelSelector | undefined
}
