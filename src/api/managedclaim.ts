import { createHash } from 'node:crypto'
import { GROUP } from './group.ts'
import type { ModelCache } from './modelcache.ts'

/** How the name of every managed claim begins; webhooks and policies select by it before they look closer. */
export const MANAGED_CLAIM_PREFIX = 'modelcache-'

/** Label on a managed claim: the name of its ModelCache. */
export const CLAIM_OF = `${GROUP}/modelcache`

/** Kubernetes: an object name is a DNS subdomain, 253 characters at most. */
const MAX_NAME = 253

/** The name of the claim that is made for a cache; what would be too long is cut and told apart by a hash. */
export function managedClaimName(cache: string): string {
  const name = `${MANAGED_CLAIM_PREFIX}${cache}`
  if (name.length <= MAX_NAME) return name
  const hash = createHash('sha256').update(cache).digest('hex').slice(0, 8)
  return `${name.slice(0, MAX_NAME - hash.length - 1).replace(/[-.]+$/, '')}-${hash}`
}

/** The claim of a cache of backend PVC: as status says, else the name that it will have. */
export function managedClaimOf({ metadata, status }: ModelCache): string {
  return status?.claimName ?? managedClaimName(metadata.name)
}

/** The names of the claim that this project fills for a cache, the reported one first: backend PVC alone has one. */
export function claimsOf({ metadata, spec, status }: ModelCache): string[] {
  if (spec.storage.backend !== 'PVC') return []
  const name = managedClaimName(metadata.name)
  return status?.claimName === undefined || status.claimName === name ? [name] : [status.claimName, name]
}

/** Whether a claim of the cache's namespace is the one that this project fills for it. */
export function ownsClaim(cache: ModelCache, claimName: string): boolean {
  return claimsOf(cache).includes(claimName)
}
