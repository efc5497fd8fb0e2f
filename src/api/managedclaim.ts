import { GROUP } from './group.ts'
import type { ModelCache } from './modelcache.ts'

/** How the name of every managed claim begins; webhooks and policies select by it before they look closer. */
export const MANAGED_CLAIM_PREFIX = 'modelcache-'

/** Label on a managed claim: the name of its ModelCache. */
export const CLAIM_OF = `${GROUP}/modelcache`

/** Whether a claim of the cache's namespace is the one that this project fills for it: backend PVC alone has one. */
export function ownsClaim({ metadata, spec, status }: ModelCache, claimName: string): boolean {
  if (spec.storage.backend !== 'PVC') return false
  return claimName === status?.claimName || claimName === `${MANAGED_CLAIM_PREFIX}${metadata.name}`
}
