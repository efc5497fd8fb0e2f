import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { AdmissionRequest } from '../admission/admissionreview.ts'
import type { ClusterView } from '../admission/clusterview.ts'
import { basisOf, type Decision, deny, type Finding } from '../admission/decision.ts'
import { violation } from '../api/violation.ts'
import type { LiveReader } from '../cluster/liveread.ts'

/** A webhook's rules as one pure function. */
export type Rules = (request: AdmissionRequest, view: ClusterView) => Decision

export interface Admission {
  view: ClusterView
  confirm: LiveReader
  logger: Logger
}

/**
 * Decides one request, and always with an answer.
 *
 * What rests on the absence or the state of an object is confirmed by one live read before it is given, since the
 * watches can lag behind what the user has just applied. A pod whose caches are Ready costs no I/O. A fault inside a
 * rule denies with a reference id that the log explains; it never lets a request through. `limitMs` bounds the live
 * read, in milliseconds.
 */
export async function admit(
  rules: Rules,
  request: AdmissionRequest,
  { view, confirm, logger }: Admission,
  limitMs: number,
): Promise<Decision> {
  try {
    const decision = rules(request, view)
    const basis = basisOf(decision)
    if (basis.length === 0) return decision
    const confirmed = await confirm(view, basis, AbortSignal.timeout(limitMs)).catch(error => {
      logger.warn({ err: error, uid: request.uid }, 'could not confirm a decision by a live read')
      return undefined
    })
    return confirmed ? rules(request, confirmed) : unconfirmed(decision, request, logger)
  } catch (error) {
    return fault(error, request, logger)
  }
}

/**
 * The API server does not answer. A no stays, and says on what it rests; a yes that rests on the absence of something
 * would be a guess; and a warning that may be wrong is left out.
 */
function unconfirmed(decision: Decision, request: AdmissionRequest, logger: Logger): Decision {
  if (decision.allowed) {
    if (decision.basis.length > 0)
      return fault(new Error('what the decision rests on cannot be read'), request, logger)
    return { ...decision, warnings: decision.warnings.filter(({ basis }) => basis.length === 0) }
  }
  const [first, ...rest] = decision.findings
  return { allowed: false, findings: [asOfWatch(first), ...rest.map(asOfWatch)] }
}

function asOfWatch(finding: Finding): Finding {
  if (finding.basis.length === 0) return finding
  const text = `${finding.violation.text} (as of the last watch event; the API server did not answer a live read)`
  return { ...finding, violation: { ...finding.violation, text } }
}

function fault(error: unknown, request: AdmissionRequest, logger: Logger): Decision {
  const reference = randomUUID()
  logger.error({ err: error, reference, uid: request.uid, namespace: request.namespace }, 'a rule failed')
  return deny(
    violation(
      'InternalError',
      '',
      `a fault in the webhook, nothing is wrong with the request itself; find reference ${reference} in the log of modelcache-webhook`,
    ),
  )
}
