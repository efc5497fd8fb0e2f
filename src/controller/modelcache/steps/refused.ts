import type { Step } from '../step.ts'

/** A quota may be raised, a policy may be changed: nobody tells us when. */
const AGAIN_MS = 60_000

/** What the API server does not take is said in its words, and tried again. */
export const refused: Step = ({ refused: refusal }) => {
  if (refusal === undefined) return {}
  const { kind, isQuota, message } = refusal
  return {
    blocked: {
      reason: isQuota ? 'QuotaExceeded' : 'RequestRejected',
      message: `the API server refuses the ${kind}: ${message}`,
      phase: 'Pending',
    },
    againMs: AGAIN_MS,
  }
}
