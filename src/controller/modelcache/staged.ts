import type { ModelCache } from '../../api/modelcache.ts'
import type { Observation } from './observe.ts'

/** Whether a snapshot was complete once, on a known claim. */
export function isStaged({ status }: ModelCache): boolean {
  return status?.resolvedDigest !== undefined && status.claimUID !== undefined
}

/** Whether the claim is the one that the snapshot was staged on. */
export function isOnItsClaim({ cache, claim }: Pick<Observation, 'cache' | 'claim'>): boolean {
  return claim !== undefined && claim.metadata.uid === cache.status?.claimUID
}
