import { managedClaimOf } from '../../api/managed-claim.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import type { PersistentVolumeClaim } from '../../api/persistent-volume-claim.ts'
import { isReady } from '../../api/readiness.ts'
import { condition } from './conditions.ts'
import { claimState } from './existing-claim.ts'
import { sourceLine } from './source-line.ts'

/** What the controller knows when it reconciles one cache. */
export interface Observation {
  cache: ModelCache
  /** The claim that pods mount, if it exists. */
  claim: PersistentVolumeClaim | undefined
  /** Milliseconds since the epoch. */
  now: number
}

/**
 * The status that a cache should have. Undefined where it is to be left as it is: on its way out, or in the
 * hands of a version of this project that stages artifacts.
 */
export function desiredStatus({ cache, claim, now }: Observation): ModelCacheStatus | undefined {
  const { metadata, spec, status } = cache
  if (metadata.deletionTimestamp !== undefined) return undefined
  const common = { observedGeneration: metadata.generation, source: sourceLine(spec) }
  const ready = (state: { ready: boolean; reason: string; message: string }) => [
    condition(
      status?.conditions,
      {
        type: 'Ready',
        status: state.ready ? 'True' : 'False',
        reason: state.reason,
        message: state.message,
        observedGeneration: metadata.generation,
      },
      now,
    ),
  ]
  if (spec.storage.backend === 'ExistingPVC' && spec.storage.existingPVC) {
    const { name } = spec.storage.existingPVC
    const state = claimState(name, claim)
    const size = claim?.status?.capacity?.storage
    return {
      ...common,
      phase: state.ready ? 'Ready' : 'Pending',
      conditions: ready(state),
      claimName: name,
      ...(claim?.metadata.uid !== undefined && { claimUID: claim.metadata.uid }),
      ...(size !== undefined && { size: String(size) }),
    }
  }
  if (isReady(cache) && status?.claimUID !== undefined && claim?.metadata.uid !== status.claimUID) {
    const message = `claim ${managedClaimOf(cache)} was deleted or replaced by another, and what that holds nobody has verified; delete the ModelCache and create it again`
    return {
      ...common,
      phase: 'Failed',
      conditions: ready({ ready: false, reason: 'ClaimReplaced', message }),
    }
  }
  // Ready, or past Pending: a version that stages artifacts has been at work on this cache.
  if (isReady(cache) || (status?.phase !== undefined && status.phase !== 'Pending')) return undefined
  const message = `backend ${spec.storage.backend} is not staged by this version; backend ExistingPVC is what works`
  return {
    ...common,
    phase: 'Pending',
    conditions: ready({ ready: false, reason: 'NotImplemented', message }),
  }
}
