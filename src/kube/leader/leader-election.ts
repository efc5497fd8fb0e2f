import type { Logger } from 'pino'
import { createLeaseLock, type LeaseLockOptions } from './lease-lock.ts'
import { startTerm, type Term } from './term.ts'

/**
 * How long a leader goes on without a renewal. It is shorter than the time that others wait, so the leader
 * stops before they start.
 */
const RENEW_DEADLINE_MS = 10_000
/** From the start of one attempt that got an answer to the start of the next. */
const PERIOD_MS = 4_000
/** The same after an attempt that got none. There is time for two of these before the deadline. */
const RETRY_PERIOD_MS = 2_000
/** Candidates wait longer by a random part of this, so that they do not all call at once. */
const JITTER = 0.25
/** If a call hangs, there is time for another before the deadline. */
const CALL_TIMEOUT_MS = 4_500

export interface LeaderElectionOptions extends Omit<LeaseLockOptions, 'timeoutMs'> {
  readonly logger: Logger
  /** The only way to stop. */
  readonly signal: AbortSignal
  /**
   * Starts the work of a leader at each election, and returns. The work goes on until its signal aborts, and
   * writes nothing after that.
   */
  readonly lead: (signal: AbortSignal) => void
}

/**
 * Competes for leadership until the signal aborts, with a Lease, as the Kubernetes components do. Resolves
 * when the signal has aborted and our Lease, if we hold it, is released. Never rejects because of the API
 * server.
 *
 * A term ends 10 s after its last renewal was sent. Others take the Lease 15 s after they saw that renewal,
 * by their own clocks. The margin holds as long as clocks run at about the same speed; clocks are never
 * compared. A process that was frozen as a whole may still finish its current step before it notices, and
 * what leaders write must tolerate that.
 */
export async function runAsLeader(options: LeaderElectionOptions): Promise<void> {
  const { identity, signal, lead } = options
  const logger = options.logger.child({ lease: `${options.namespace}/${options.name}`, identity })
  const lock = createLeaseLock({ ...options, timeoutMs: CALL_TIMEOUT_MS })
  let term: Term | undefined
  let leader: string | undefined

  const leadUntil = (until: number): void => {
    // The answer came so late that somebody else may hold the Lease by now.
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
      logger.warn({ err }, 'cannot acquire or renew the Lease; trying again')
    })
    if (signal.aborted) break
    if (attempt?.held) leadUntil(attempt.at + RENEW_DEADLINE_MS)
    else if (attempt) follow(attempt.holder)
    const leads = term?.signal.aborted === false
    const periodMs = (attempt ? PERIOD_MS : RETRY_PERIOD_MS) * (leads ? 1 : 1 + JITTER * Math.random())
    await pause(began + periodMs - performance.now(), signal)
  }
  // Wait for calls in progress, even a renewal. Only then do we know which version of the Lease to replace.
  await lock.release().then(
    released => released && logger.info('released the Lease'),
    err => logger.warn({ err }, 'cannot release the Lease; it must expire'),
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
