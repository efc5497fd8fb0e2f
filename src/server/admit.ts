import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { AdmissionRequest } from '../admission/admissionreview.ts'
import type { ClusterView, ObjectRef } from '../admission/clusterview.ts'
import { basisOf, type Decision, deny, type Finding } from '../admission/decision.ts'
import type { Rules } from '../admission/rules.ts'
import { violation } from '../api/violation.ts'
import type { LiveReader } from '../cluster/liveread.ts'

export interface Admission {
  view: ClusterView
  confirm: LiveReader
  logger: Logger
}

/**
 * Decides one request, and always with an answer.
 *
 * What rests on the absence or the state of an object is confirmed by a live read before it is given, since the
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
    if (basisOf(decision).length === 0) return decision
    return await confirmed(decision, rules, request, { view, confirm, logger }, AbortSignal.timeout(limitMs))
  } catch (error) {
    return fault(error, request, logger)
  }
}

/** A live read can lead to another decision, which may rest on something else; that is read too, but not for ever. */
const MAX_READS = 3

async function confirmed(
  first: Decision,
  rules: Rules,
  request: AdmissionRequest,
  { view, confirm, logger }: Admission,
  signal: AbortSignal,
): Promise<Decision> {
  let decision = first
  let known = view
  const read = new Set<string>()
  for (let reads = 0; reads < MAX_READS; reads++) {
    const unread = basisOf(decision).filter(ref => !read.has(JSON.stringify(ref)))
    if (unread.length === 0) return decision
    try {
      known = await confirm(known, unread, signal)
    } catch (error) {
      logger.warn({ err: error, uid: request.uid }, 'could not confirm a decision by a live read')
      break
    }
    for (const ref of unread) read.add(JSON.stringify(ref))
    decision = rules(request, known)
  }
  return unconfirmed(decision, basis => basis.every(ref => read.has(JSON.stringify(ref))))
}

/**
 * The API server does not answer. A no stays, and says on what it rests; a yes that rests on the absence of something
 * would be a guess; and a warning that may be wrong is left out.
 */
function unconfirmed(decision: Decision, isRead: (basis: readonly ObjectRef[]) => boolean): Decision {
  if (decision.allowed) {
    if (!isRead(decision.basis)) throw new Error('what the decision rests on cannot be read')
    return { ...decision, warnings: decision.warnings.filter(({ basis }) => isRead(basis)) }
  }
  const asOfWatch = (finding: Finding): Finding => {
    if (isRead(finding.basis)) return finding
    const text = `${finding.violation.text} (as of the last watch event; the API server did not answer a live read)`
    return { ...finding, violation: { ...finding.violation, text } }
  }
  const [first, ...rest] = decision.findings
  return { allowed: false, findings: [asOfWatch(first), ...rest.map(asOfWatch)] }
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
