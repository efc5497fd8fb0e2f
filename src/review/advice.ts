import type { Reason } from '../api/reasons.ts'
import type { Advise } from './verdict.ts'

const READY = 'to review as if it were Ready, use --assume-ready'
const missing = (what: string) => `add ${what} to the input, or review against a cluster with --live`

/** An object that seems missing may only be missing from the input. */
const OFFLINE_ADVICE: Partial<Record<Reason, string>> = {
  StorageClassNotFound: missing('the StorageClass'),
  NoStorageClass: missing('the default StorageClass'),
  ClaimNotFound: missing('the PersistentVolumeClaim'),
  CacheNotFound: missing('the ModelCache'),
  CacheNotReady: READY,
}

const LIVE_ADVICE: Partial<Record<Reason, string>> = { CacheNotReady: READY }

const adviseBy =
  (advice: Partial<Record<Reason, string>>): Advise =>
  ({ violation: { reason }, basis }) =>
    // A finding that rests on no object is about the manifest itself.
    basis.length > 0 && advice[reason] !== undefined ? ` (${advice[reason]})` : ''

/** For a review without a cluster. */
export const adviseOffline: Advise = adviseBy(OFFLINE_ADVICE)

/** For a review against a real one. */
export const adviseLive: Advise = adviseBy(LIVE_ADVICE)
