import { goOn, notReady, type Step } from '../step.ts'

/** A quota may be raised, a policy may be changed: nobody tells us when. */
const AGAIN_MS = 60_000

/** What the API server does not take is said in its words, and tried again. */
export const refused: Step = ({ refused: refusal }) => {
  if (refusal === undefined) return goOn()
  const { kind, isQuota, message } = refusal
  const reason = isQuota ? 'QuotaExceeded' : 'RequestRejected'
  const cause = { reason, message: `the API server refuses the ${kind}: ${message}` } as const
  return notReady(cause, 'Pending', { againMs: AGAIN_MS })
}
