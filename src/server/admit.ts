import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { AdmissionRequest } from '../admission/admission-review.ts'
import type { ClusterView, ObjectRef } from '../admission/cluster-view.ts'
import { basisOf, type Decision, deny } from '../admission/decision.ts'
import type { Finding } from '../admission/finding.ts'
import type { Rules } from '../admission/rules.ts'
import { violation } from '../api/violation.ts'
import { startDeadline } from '../deadline.ts'
import type { LiveReader } from '../view/live-read.ts'
import { type InDoubt, isAnyInDoubt, noteLookups } from '../view/lookups.ts'

export interface Admission {
  view: ClusterView
  confirm: LiveReader
  /** Whether the watch of a kind is known to be broken; default never. */
  inDoubt?: InDoubt
  logger: Logger
}

/**
 * Decides one request, and always answers. It returns a promise only if it needs I/O, because a promise costs
 * time.
 *
 * Whatever rests on the absence or the state of an object is confirmed by a live read before the answer,
 * because the watches can lag behind what the user has just applied. A pod whose caches are Ready costs no
 * I/O, except while the watches are known to be broken. A fault inside a rule denies with a reference id that
 * the log explains, and never lets a request through. `limitMs` bounds the live reads, in milliseconds.
 */
export function admit(
  rules: Rules,
  request: AdmissionRequest,
  admission: Admission,
  limitMs: number,
): Decision | Promise<Decision> {
  const { view, inDoubt } = admission
  const onFault = (error: unknown) => fault(error, request, admission.logger)
  if (inDoubt !== undefined && isAnyInDoubt(inDoubt))
    return within(limitMs, signal => admitInDoubt(rules, request, admission, inDoubt, signal)).catch(onFault)
  try {
    const decision = rules(request, view)
    if (basisOf(decision).length === 0) return decision
    const known = { view, read: new Set<string>() }
    return within(limitMs, signal => confirmed(decision, rules, request, admission, known, signal)).catch(
      onFault,
    )
  } catch (error) {
    return onFault(error)
  }
}

async function admitInDoubt(
  rules: Rules,
  request: AdmissionRequest,
  admission: Admission,
  inDoubt: InDoubt,
  signal: AbortSignal,
): Promise<Decision> {
  const known = await readDoubted(rules, request, admission, inDoubt, signal)
  return confirmed(rules(request, known.view), rules, request, admission, known, signal)
}

async function within<T>(limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  // An `AbortSignal.timeout` would stay for seconds after each review, and then make an error for nobody.
  using deadline = startDeadline(limitMs)
  return await work(deadline.signal)
}

/** A view, and which of its objects were read live. */
interface Known {
  view: ClusterView
  read: Set<string>
}

/**
 * How long a request waits for live reads that replace a broken watch, in milliseconds. Short, because if the
 * API server cannot be reached, every pod of a Ready cache would wait for it.
 */
const DOUBT_MS = 1_000

/**
 * Reads what the rules look up and whose watch is known to be broken, because what they would allow may have
 * changed unnoticed. If that fails, the last event counts: Ready is seldom lost, and an outage must not deny
 * a pod of a live service.
 */
async function readDoubted(
  rules: Rules,
  request: AdmissionRequest,
  { view, confirm, logger }: Admission,
  inDoubt: InDoubt,
  signal: AbortSignal,
): Promise<Known> {
  const lookups = noteLookups(view, inDoubt)
  rules(request, lookups.view)
  const refs = lookups.refs()
  if (refs.length === 0) return { view, read: new Set() }
  try {
    const known = await confirm(view, refs, AbortSignal.any([signal, AbortSignal.timeout(DOUBT_MS)]))
    return { view: known, read: new Set(refs.map(keyOf)) }
  } catch (error) {
    logger.warn(
      { err: error, uid: request.uid },
      'a watch is broken, and its last state could not be confirmed',
    )
    return { view, read: new Set() }
  }
}

/**
 * A live read can change the decision, and the new one may rest on something else. We read that too, up to a
 * limit.
 */
const MAX_READS = 3

async function confirmed(
  first: Decision,
  rules: Rules,
  request: AdmissionRequest,
  { confirm, logger }: Admission,
  { view, read }: Known,
  signal: AbortSignal,
): Promise<Decision> {
  let known = view
  let decision = first
  for (let reads = 0; reads < MAX_READS; reads++) {
    const unread = basisOf(decision).filter(ref => !read.has(keyOf(ref)))
    if (unread.length === 0) return decision
    logger.debug({ uid: request.uid, read: unread.map(wordsFor) }, 'confirming a decision by a live read')
    let next: ClusterView
    try {
      next = await confirm(known, unread, signal)
    } catch (error) {
      logger.warn({ err: error, uid: request.uid }, 'could not confirm a decision by a live read')
      break
    }
    for (const ref of unread) read.add(keyOf(ref))
    if (next !== known) decision = rules(request, next)
    known = next
  }
  return unconfirmed(decision, basis => basis.every(ref => read.has(keyOf(ref))))
}

function keyOf(ref: ObjectRef): string {
  return JSON.stringify(ref)
}

/** For the log, which has no nested objects. */
function wordsFor(ref: ObjectRef): string {
  const [kind, name] = 'list' in ref ? [ref.list, '*'] : [ref.kind, ref.name]
  return `${kind} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${name}`
}

/**
 * The API server does not answer. A denial stays and says what it rests on. A permission that rests on the
 * absence of something would be a guess. A warning that may be wrong is left out.
 */
function unconfirmed(decision: Decision, isRead: (basis: readonly ObjectRef[]) => boolean): Decision {
  if (decision.allowed) {
    if (!isRead(decision.basis)) throw new Error('the objects that the decision rests on cannot be read')
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
      `the webhook itself has failed, and the request may be fine; look for reference ${reference} in the log of modelcache-webhook`,
    ),
  )
}
