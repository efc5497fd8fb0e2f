import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'

/** What a new status says that the one before it did not. */
export interface Outcome {
  /** Bytes that hydration pods reported in between. */
  bytes: number
  /** A snapshot is complete, that many seconds after its Job was created; undefined if nobody knows. */
  staged?: { seconds: number | undefined }
  /** A run has failed for this reason. */
  failed?: string
  /** The files of a snapshot were hashed, and were what was staged, or were not. */
  verified?: 'intact' | 'damaged'
}

/** Compares the status that was stored with the one that is stored now. */
export function outcomeOf(before: ModelCacheStatus | undefined, after: ModelCacheStatus): Outcome {
  const { lastHydratedAt, hydration, verification, phase } = after
  const isStaged =
    phase === 'Ready' && lastHydratedAt !== undefined && lastHydratedAt !== before?.lastHydratedAt
  const failure = hydration?.failure
  const known = before?.hydration?.failure
  const hasFailed =
    failure !== undefined && (failure.finishedAt !== known?.finishedAt || failure.reason !== known.reason)
  const isVerified =
    verification !== undefined && verification.finishedAt !== before?.verification?.finishedAt
  return {
    bytes: Math.max(0, (after.bytesStaged ?? 0) - (before?.bytesStaged ?? 0)),
    ...(isStaged && { staged: { seconds: secondsBetween(hydration?.startedAt, lastHydratedAt) } }),
    ...(hasFailed && { failed: failure.reason }),
    ...(isVerified && { verified: verification.intact ? 'intact' : 'damaged' }),
  }
}

/** The node that ran the pod has another clock than the controller. */
function secondsBetween(from: string | undefined, to: string): number | undefined {
  const seconds = (Date.parse(to) - Date.parse(from ?? '')) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}
