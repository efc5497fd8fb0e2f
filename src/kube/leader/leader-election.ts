import type { Logger } from 'pino'
import { createLeaseLock, type LeaseLockOptions } from './lease-lock.ts'
import { startTerm, type Term } from './term.ts'

/** For how long a leader goes on without a renewal: less than others wait, so that it has stopped before they begin. */
const RENEW_DEADLINE_MS = 10_000
/** From the beginning of one attempt to that of the next, where it does not take longer by itself. */
const RETRY_PERIOD_MS = 2_000
/** By how much of it candidates wait longer, at random, so that they do not call in step. */
const JITTER = 1.2
/** A call that hangs leaves time for another within the deadline. */
const CALL_TIMEOUT_MS = RENEW_DEADLINE_MS / 2

export interface LeaderElectionOptions extends Omit<LeaseLockOptions, 'timeoutMs'> {
  readonly logger: Logger
  /** The only way to stop. */
  readonly signal: AbortSignal
  /**
   * Starts the work of a leader, at each election, and returns; the work goes on until its signal aborts, and then
   * writes nothing more.
   */
  readonly lead: (signal: AbortSignal) => void
}

/**
 * Stands for election until the signal aborts, and leads whenever elected: by a Lease, as the Kubernetes components
 * elect theirs. Resolves when the signal has aborted and the Lease, if it was ours, is released. Never rejects because
 * of the API server.
 *
 * A term ends 10 s after its last renewal was sent; others take the Lease 15 s after they saw that one, by their own
 * clocks. The margin holds as long as clocks run at about the same pace; no clock is compared with another. A process
 * that was frozen as a whole may still finish the step in which it was before it notices: what leaders write must
 * bear that.
 */
export async function runAsLeader(options: LeaderElectionOptions): Promise<void> {
  const { identity, signal, lead } = options
  const logger = options.logger.child({ lease: `${options.namespace}/${options.name}`, identity })
  const lock = createLeaseLock({ ...options, timeoutMs: CALL_TIMEOUT_MS })
  let term: Term | undefined
  let leader: string | undefined

  const leadUntil = (until: number): void => {
    // The answer came so late that the Lease may be another's by now.
    if (until <= performance.now()) return
    if (term !== undefined && !term.signal.aborted) {
      term.extend(until)
      return
    }
    term = startTerm(until)
    leader = identity
    const { signal: ended } = term
    ended.addEventListener('abort', () => logger.info({ reason: ended.reason.message }, 'no longer leading'))
    logger.info('leading')
    lead(ended)
  }

  const follow = (holder: string): void => {
    term?.end(`the Lease is held by ${holder}`)
    if (holder !== leader) logger.info({ leader: holder }, 'another leads')
    leader = holder
  }

  const resign = () => term?.end('stopping')
  signal.addEventListener('abort', resign, { once: true })
  while (!signal.aborted) {
    const began = performance.now()
    const attempt = await lock.acquireOrRenew().catch(err => {
      logger.warn({ err }, 'cannot acquire or renew the Lease, trying again')
    })
    if (signal.aborted) break
    if (attempt?.held) leadUntil(attempt.at + RENEW_DEADLINE_MS)
    else if (attempt) follow(attempt.holder)
    const leads = term?.signal.aborted === false
    const periodMs = RETRY_PERIOD_MS * (leads ? 1 : 1 + JITTER * Math.random())
    await pause(began + periodMs - performance.now(), signal)
  }
  // After what was under way, a renewal too: only then is it known which version of the Lease is to be replaced.
  await lock.release().then(
    released => released && logger.info('released the Lease'),
    err => logger.warn({ err }, 'cannot release the Lease, it has to run out'),
  )
}

/** Resolves after that time, or when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
