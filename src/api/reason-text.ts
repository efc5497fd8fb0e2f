import type { Actor } from './status-reason-text.ts'

/** What docs/reasons.md says of a reason. */
export interface ReasonText {
  /** Whether it denies a request, is a warning, or is a denial for some objects and a warning for others. */
  readonly says: 'denied' | 'warned' | 'both'
  /** Who must act: the author of the manifest, an administrator of the cluster, or nobody. */
  readonly who: Actor
  /** What triggers it. */
  when: string
  /**
   * A message, for reasons that applying a manifest cannot show. The others quote their example in examples/.
   */
  example?: string
  /** What to do. */
  fix: string
}
