import { goOn, notReady, type Step } from '../step.ts'

/** A quota may be raised, a policy may be changed: nobody tells us when. */
const AGAIN_MS = 60_000

/** When the API server rejects a write, status says so in its words, and the write is tried again. */
export const rejected: Step = ({ rejection }) => {
  if (rejection === undefined) return goOn()
  const { kind, isQuota, message } = rejection
  const reason = isQuota ? 'QuotaExceeded' : 'RequestRejected'
  const cause = { reason, message: `the API server rejects the ${kind}: ${message}` } as const
  return notReady(cause, 'Pending', { againMs: AGAIN_MS })
}
