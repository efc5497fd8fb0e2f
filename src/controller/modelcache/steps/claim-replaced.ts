import { managedClaimOf } from '../../../api/managed-claim.ts'
import { isReady } from '../../../api/readiness.ts'
import type { Step } from '../step.ts'

/** A claim of our own that is another one now, or none, ends Ready: nobody has verified what it holds. */
export const claimReplaced: Step = ({ cache, claim }) => {
  const staged = cache.status?.claimUID
  if (!isReady(cache) || staged === undefined || claim?.metadata.uid === staged) return {}
  const message = `claim ${managedClaimOf(cache)} was deleted or replaced by another, and nobody has verified what that holds; delete the ModelCache and create it again`
  return { blocked: { reason: 'ClaimReplaced', message, phase: 'Failed' } }
}
