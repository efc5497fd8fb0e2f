import { goOn, notReady, type Step } from '../step.ts'

/** Somebody may raise a quota or change a policy, and no watch tells us when. */
const AGAIN_MS = 60_000

/** If the API server rejects a write, status shows its words, and the write is tried again. */
export const rejected: Step = ({ rejection }) => {
  if (rejection === undefined) return goOn()
  const { kind, isQuota, message } = rejection
  const reason = isQuota ? 'QuotaExceeded' : 'RequestRejected'
  const cause = { reason, message: `the API server rejects the ${kind}: ${message}` } as const
  return notReady(cause, 'Pending', { againMs: AGAIN_MS })
}
