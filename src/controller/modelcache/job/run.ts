import {
  type HydrationReport,
  hydrationReport,
  type MeasureReport,
  measureReport,
  type PruneReport,
  pruneReport,
  type VerifyReport,
  verifyReport,
} from '../../../api/hydration-report.ts'
import { QUEUE_NAME } from '../../../api/kubernetes/hydration-job.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { printable, quote } from '../../../api/schema/text.ts'
import { rfc3339 } from '../../conditions.ts'
import { jobName, type Purpose } from '../objects/hydration-job.ts'
import type { Observation, Run } from '../observe.ts'
import { isUnbound } from '../observe.ts'
import { type Actions, type Cause, notReady, type RunFailure, type StepResult, type Write } from '../step.ts'
import type { Turn } from '../turns.ts'
import { deletions, endOf, failed } from './ended.ts'
import { failureOfJob, lastLine } from './failure.ts'
import { inputsNow, isGoingOn, type JobState, LINGER_MS, lingers, mounted, stateOf } from './job-state.ts'
import { obstacle } from './obstacle.ts'
import { isRunning, stateOfHydrator } from './pods.ts'

/**
 * While a pod runs we look often, for its progress; otherwise less often, for the reason why it does not run.
 */
const RUNNING_MS = 5_000
const WAITING_MS = 10_000
/** The end of a hydration wakes those that wait, so this is only for what no watch shows. */
const QUEUED_MS = 60_000

interface Reports {
  hydrate: HydrationReport
  measure: MeasureReport
  verify: VerifyReport
  prune: PruneReport
}

const REPORTS = { hydrate: hydrationReport, measure: measureReport, verify: verifyReport, prune: pruneReport }

/** A run that goes on, or has failed; or the report of one that has succeeded. */
export type RunResult<P extends Purpose> =
  | { result: StepResult; report?: undefined; at?: undefined }
  | { report: Reports[P]; at: string | undefined; result?: undefined }

/**
 * Advances a run by one step. The controller creates the Job suspended, records its UID in status so that
 * admission knows its pods, and then resumes it, once. If the ModelCache has changed since, the controller
 * deletes the Job and creates another one.
 *
 * Container `hydrate` alone decides how a run ends. Injected containers may outlive it or fail, and somebody
 * may delete the Job at any time.
 */
export function advanceRun<P extends Purpose>(seen: Observation, purpose: P): RunResult<P> {
  const run = seen.runs[purpose]
  if (run === undefined) return { result: withoutJob(seen, purpose) }
  const state = stateOf(seen, purpose, run)
  return state === 'complete'
    ? completed(seen, purpose, run)
    : { result: underWay(seen, purpose, run, state) }
}

/** The Job of a failed run may be gone. The failure counts until something changes. */
function withoutJob(seen: Observation, purpose: Purpose): StepResult {
  const { failure } = seen.cache.status?.hydration ?? {}
  const result =
    failure === undefined || failure.madeFrom !== inputsNow(seen, purpose)
      ? inProgress(seen, purpose, waitText(jobName(seen.cache, purpose)), { writes: [start(seen, purpose)] })
      : failed(seen, failure, [start(seen, purpose)])
  const starts = purpose === 'hydrate' && result.writes?.some(write => write.do === 'start')
  const turn = starts ? seen.turn?.() : undefined
  return turn === undefined || turn === 'ours' ? result : queued(turn)
}

/** The limit of the installation is reached. The caches before this one go first. */
function queued({ position, running }: Exclude<Turn, 'ours'>): StepResult {
  const count = running === 1 ? '1 hydration runs' : `${running} hydrations run`
  const message = `${count}, and the controller lets no more run side by side; this one is number ${position} of those that wait`
  return notReady({ reason: 'Queued', message }, 'Pending', { againMs: QUEUED_MS })
}

function start(seen: Observation, purpose: Purpose): Write {
  const claim = mounted(seen, purpose)
  return { do: 'start', kind: 'HydrationJob', purpose, ...(claim && { claim }) }
}

function underWay(
  seen: Observation,
  purpose: Purpose,
  run: Run,
  state: Exclude<JobState, 'complete'>,
): StepResult {
  const { name } = run.job.metadata
  const { hydration } = seen.cache.status ?? {}
  switch (state) {
    case 'deleting':
      return inProgress(
        seen,
        purpose,
        `the last Job ${name} is being deleted, and then the controller creates another one`,
      )
    case 'orphaned': {
      const message = `Job ${name} has no owner, so the controller replaces it`
      return inProgress(seen, purpose, message, { writes: deletions(run) })
    }
    case 'outdated': {
      const message = `the ModelCache has changed, so the controller replaces Job ${name}`
      const status = { hydration: { ...hydration, attempt: 0, failure: undefined } }
      return inProgress(seen, purpose, message, { writes: deletions(run), status })
    }
    case 'unrecorded':
      return inProgress(seen, purpose, waitText(name), { status: { hydration: recordOf(seen, run) } })
    case 'failed':
      return hasFailed(seen, purpose, run)
    case 'new':
      return inProgress(seen, purpose, waitText(name), { writes: [resumption(run)] })
    case 'suspended':
      return suspended(seen, purpose, run)
    case 'running':
      return working(seen, purpose, run)
  }
}

/** The record of a Job for status. */
function recordOf({ cache, now }: Observation, { job }: Run): ModelCacheStatus['hydration'] {
  const { refetch, verify, attempt = 0 } = cache.status?.hydration ?? {}
  return {
    jobName: job.metadata.name,
    jobUID: job.metadata.uid,
    attempt: attempt + 1,
    startedAt: rfc3339(now),
    ...(refetch !== undefined && { refetch }),
    ...(verify !== undefined && { verify }),
  }
}

function resumption({ job }: Run): Write {
  const { name, resourceVersion } = job.metadata
  return { do: 'resume', kind: 'HydrationJob', name, resourceVersion }
}

/** Whoever suspends a Job has a reason, such as a queue or a quota, and resumes it when that is gone. */
function suspended(seen: Observation, purpose: Purpose, { job }: Run): StepResult {
  const { namespace, name, labels } = job.metadata
  const queue = labels?.[QUEUE_NAME]
  const patch = `kubectl -n ${namespace} patch job ${name} --type=merge -p '{"spec":{"suspend":false}}'`
  const message =
    queue === undefined
      ? `somebody else has suspended Job ${name}, so the controller leaves it suspended; whoever did resumes it, or: ${patch}`
      : `Job ${name} waits in queue ${quote(queue)} until Kueue resumes it; see: kubectl -n ${namespace} get workloads`
  const { phase } = causeOf(seen, purpose, message)
  return notReady({ reason: 'JobSuspended', message }, phase, { againMs: WAITING_MS })
}

function hasFailed(seen: Observation, purpose: Purpose, run: Run): StepResult {
  const { failure } = seen.cache.status?.hydration ?? {}
  // Once its pod is gone, the Job knows less than status does.
  const known = run.pods.length === 0 && failure?.madeFrom === inputsNow(seen, purpose) ? failure : undefined
  const result = failed(
    seen,
    known ?? failureNow(seen, purpose, run, failureOfJob(run.job, run.pods)),
    deletions(run),
  )
  if (lingers(run, seen.now)) return { ...result, writes: deletions(run) }
  return isGoingOn(run) ? { ...result, againMs: Math.min(LINGER_MS, result.againMs ?? LINGER_MS) } : result
}

function failureNow(seen: Observation, purpose: Purpose, run: Run, cause: Cause): RunFailure {
  // The clock of the node may be wrong, and a pause must not be skipped or last for hours because of it.
  const startedAt = Date.parse(seen.cache.status?.hydration?.startedAt ?? '') || 0
  const finishedAt = Math.min(seen.now, Math.max(endOf(run) ?? seen.now, startedAt))
  return {
    ...cause,
    finishedAt: rfc3339(finishedAt),
    madeFrom: inputsNow(seen, purpose),
  }
}

/**
 * The run is in progress, and we look again after a while. All states before a pod starts have the same text,
 * because each new text costs a write of status.
 */
function inProgress(seen: Observation, purpose: Purpose, message: string, actions: Actions = {}): StepResult {
  const { phase, ...cause } = causeOf(seen, purpose, message)
  return notReady(cause, phase, { ...actions, againMs: WAITING_MS })
}

/** The reason and the phase while nothing is wrong. */
function causeOf(seen: Observation, purpose: Purpose, message: string) {
  if (purpose === 'measure') return { reason: 'Measuring', message, phase: 'Resolving' } as const
  if (purpose === 'verify') return { reason: 'Verifying', message, phase: 'Hydrating' } as const
  if (purpose === 'prune') return { reason: 'Pruning', message, phase: 'Hydrating' } as const
  if (isUnbound(seen)) return { reason: 'Provisioning', message, phase: 'Provisioning' } as const
  return { reason: 'Hydrating', message, phase: 'Hydrating' } as const
}

function working(seen: Observation, purpose: Purpose, run: Run): StepResult {
  const pod = run.pods.at(-1)
  const isAtWork = pod !== undefined && isRunning(pod)
  const { phase, ...cause } = causeOf(seen, purpose, messageOf(seen, purpose, run, isAtWork))
  if (!isAtWork) return notReady({ ...cause, ...obstacle(seen, run) }, phase, { againMs: WAITING_MS })
  const actions = { status: { ...progressOf(seen), ...revisionOf(seen) }, againMs: RUNNING_MS }
  const trouble = seen.progress?.trouble
  if (trouble === undefined) return notReady(cause, phase, actions)
  const { reason, isWaiting } = trouble
  const message = printable(trouble.message)
  return isWaiting
    ? notReady(
        { reason, message: `${message}; the Job waits for that, and goes on by itself` },
        'Failed',
        actions,
      )
    : notReady({ reason, message: `${message}; Job ${run.job.metadata.name} tries again` }, phase, actions)
}

function messageOf({ claim }: Observation, purpose: Purpose, { job }: Run, isAtWork: boolean): string {
  const { name } = job.metadata
  if (!isAtWork) return waitText(name)
  const claimName = claim?.metadata.name
  switch (purpose) {
    case 'measure':
      return `Job ${name} asks the source how large it is`
    case 'verify':
      return `Job ${name} hashes the snapshot on claim ${claimName}`
    case 'prune':
      return `Job ${name} removes old snapshots from claim ${claimName}`
    case 'hydrate':
      return `Job ${name} writes the artifact onto claim ${claimName}`
  }
}

function waitText(job: string): string {
  return `Job ${job} waits for its pod to start`
}

/** The log decides: an older pod may have reported more than this one, which first checks what exists. */
function progressOf({ progress }: Observation): Partial<ModelCacheStatus> {
  if (progress === undefined) return {}
  const { bytes, bytesTotal, files } = progress.progress
  return {
    bytesStaged: bytes,
    filesStaged: files,
    ...(bytesTotal !== undefined && { bytesTotal }),
    ...(bytesTotal !== undefined && bytesTotal > 0 && { progress: percent(bytes / bytesTotal) }),
  }
}

/** Which commit or digest this run stages. */
function revisionOf({ cache, progress }: Observation): Partial<ModelCacheStatus> {
  const { revision } = progress ?? {}
  return revision === undefined
    ? {}
    : { hydration: { ...cache.status?.hydration, revision: printable(revision) } }
}

/** Only a complete snapshot has 100%. */
function percent(share: number): string {
  return `${Math.min(99, Math.floor(share * 100))}%`
}

function completed<P extends Purpose>(seen: Observation, purpose: P, run: Run): RunResult<P> {
  const ended = run.pods.map(pod => stateOfHydrator(pod).terminated).find(state => state?.exitCode === 0)
  const said = lastLine(ended?.message)
  const { name } = run.job.metadata
  const fails = (message: string) =>
    failed(seen, failureNow(seen, purpose, run, { reason: 'HydrationFailed', message }), deletions(run))
  if (said !== undefined) {
    const { data } = REPORTS[purpose].safeParse(said)
    if (data === undefined) return { result: fails(`the report of Job ${name} cannot be read`) }
    return { report: data as Reports[P], at: ended?.finishedAt }
  }
  if (!isOld(seen, run))
    return { result: inProgress(seen, purpose, 'the Job is complete, and its report will follow') }
  const message = `Job ${name} is complete, but its pod and its report are gone`
  // The files stay on the volume, so another run costs little.
  const isFirst = (seen.cache.status?.hydration?.attempt ?? 0) <= 1
  if (!isFirst) return { result: fails(message) }
  return { result: inProgress(seen, purpose, `${message}; it runs again`, { writes: deletions(run) }) }
}

/** Whether the Job ended so long ago that the watches must have shown its pod by now. */
function isOld({ now }: Observation, run: Run): boolean {
  return now - (endOf(run) ?? now) > WAITING_MS
}
