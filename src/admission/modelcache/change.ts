import type { ModelCache } from '../../api/modelcache.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Finding } from '../finding.ts'
import type { Policy } from '../policy.ts'

/** A ModelCache that is created or updated, as the rules see it. */
export interface Change {
  namespace: string
  cache: ModelCache
  /** The stored object on UPDATE; undefined on CREATE. */
  old: ModelCache | undefined
}

/** One rule of ModelCache admission. It is pure, and returns nothing if the ModelCache is fine. */
export type Rule = (change: Change, view: ClusterView, policy: Policy) => readonly Finding[]
