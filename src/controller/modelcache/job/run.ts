import { parseBytes } from '../../../api/kubernetes/quantity.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { MADE_FROM } from '../../../api/names.ts'
import { jobName, type MountedClaim, madeFrom, type Purpose } from '../objects/hydration-job.ts'
import { isMadeFor } from '../objects/made-for.ts'
import type { Observation, Run } from '../observe.ts'
import { isUnbound } from '../observe.ts'
import { rfc3339 } from '../status/conditions.ts'
import { type Actions, notReady, type StepResult, type Write } from '../step.ts'
import { deletion, endOf, failed, held } from './ended.ts'
import { failureOfJob, lastLine } from './failure.ts'
import { obstacle } from './obstacle.ts'
import { isRunning, stateOfHydrator } from './pods.ts'

/**
 * While a pod runs we look often, for its progress; otherwise less often, for the reason why it does not run.
 */
const RUNNING_MS = 5_000
const WAITING_MS = 10_000

/** The state of a run. `report` is what its pod said if it succeeded. */
export interface RunResult {
  result: StepResult
  report?: { said: unknown; at: string | undefined }
}

/** What to do about a Job. The states are checked in this order. */
type JobState =
  /** The Job is being deleted, and its name is not free yet. */
  | 'deleting'
  /** The Job has no owner: its cache is gone. */
  | 'orphaned'
  /** The ModelCache or its claim has changed since the Job was created. */
  | 'outdated'
  /** Status does not have the UID of the Job yet, so admission does not know its pods. */
  | 'unrecorded'
  | 'complete'
  | 'failed'
  /** The Job was created suspended, and may start now. */
  | 'suspended'
  | 'running'

function stateOf(seen: Observation, purpose: Purpose, run: Run): JobState {
  const { cache } = seen
  const { metadata, spec } = run.job
  if (metadata.deletionTimestamp !== undefined) return 'deleting'
  if (!isMadeFor(cache, run.job)) return 'orphaned'
  if (metadata.annotations?.[MADE_FROM] !== madeFrom(cache, purpose, mounted(seen, purpose)?.uid))
    return 'outdated'
  if (cache.status?.hydration?.jobUID !== metadata.uid) return 'unrecorded'
  if (held(run, 'Complete')) return 'complete'
  if (held(run, 'Failed')) return 'failed'
  return spec.suspend === true ? 'suspended' : 'running'
}

/** The claim that a Job of this purpose mounts. */
function mounted({ claim }: Observation, purpose: Purpose): MountedClaim | undefined {
  if (purpose === 'measure' || claim === undefined) return undefined
  const size = claim.status?.capacity?.storage ?? claim.spec.resources?.requests?.storage
  return { uid: claim.metadata.uid, bytes: size === undefined ? undefined : parseBytes(size) }
}

/**
 * Advances a run by one step. The controller creates the Job suspended, records its UID in status so that
 * admission knows its pods, and then resumes it. If the ModelCache has changed since, the controller deletes
 * the Job and creates another one.
 */
export function advanceRun(seen: Observation, purpose: Purpose): RunResult {
  const run = seen.runs[purpose]
  if (run === undefined) return { result: started(seen, purpose) }
  const state = stateOf(seen, purpose, run)
  return state === 'complete'
    ? completed(seen, purpose, run)
    : { result: underWay(seen, purpose, run, state) }
}

function started(seen: Observation, purpose: Purpose): StepResult {
  const claim = mounted(seen, purpose)
  const start: Write = { do: 'start', kind: 'HydrationJob', purpose, ...(claim && { claim }) }
  return inProgress(seen, purpose, waitText(jobName(seen.cache, purpose)), { writes: [start] })
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
      return inProgress(seen, purpose, message, { writes: [deletion(run)] })
    }
    case 'outdated': {
      const message = `the ModelCache has changed, so the controller replaces Job ${name}`
      const status = { hydration: { ...hydration, attempt: 0 } }
      return inProgress(seen, purpose, message, { writes: [deletion(run)], status })
    }
    case 'unrecorded':
      return inProgress(seen, purpose, waitText(name), { status: { hydration: recordOf(seen, run) } })
    case 'failed':
      return failed(seen, run, failureOfJob(run.job, run.pods))
    case 'suspended':
      return inProgress(seen, purpose, waitText(name), { writes: [resumption(run)] })
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
  return { do: 'merge', kind: 'HydrationJob', name, resourceVersion, patch: { spec: { suspend: false } } }
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
  if (isUnbound(seen)) return { reason: 'Provisioning', message, phase: 'Provisioning' } as const
  return { reason: 'Hydrating', message, phase: 'Hydrating' } as const
}

function working(seen: Observation, purpose: Purpose, run: Run): StepResult {
  const pod = run.pods.at(-1)
  const isAtWork = pod !== undefined && isRunning(pod)
  const { phase, ...cause } = causeOf(seen, purpose, messageOf(seen, purpose, run, isAtWork))
  return notReady({ ...cause, ...obstacle(seen, run) }, phase, {
    status: isAtWork ? progressOf(seen) : {},
    againMs: isAtWork ? RUNNING_MS : WAITING_MS,
  })
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
  const { bytes, bytesTotal, files } = progress
  return {
    bytesStaged: bytes,
    filesStaged: files,
    ...(bytesTotal !== undefined && { bytesTotal }),
    ...(bytesTotal !== undefined && bytesTotal > 0 && { progress: percent(bytes / bytesTotal) }),
  }
}

/** Only a complete snapshot has 100%. */
function percent(share: number): string {
  return `${Math.min(99, Math.floor(share * 100))}%`
}

function completed(seen: Observation, purpose: Purpose, run: Run): RunResult {
  const ended = run.pods.map(pod => stateOfHydrator(pod).terminated).find(state => state?.exitCode === 0)
  const said = lastLine(ended?.message)
  if (said !== undefined) {
    const result = inProgress(seen, purpose, 'the Job is complete')
    return { result, report: { said, at: ended?.finishedAt ?? undefined } }
  }
  if (!isOld(seen, run))
    return { result: inProgress(seen, purpose, 'the Job is complete, and its report will follow') }
  const message = `Job ${run.job.metadata.name} is complete, but its pod and its report are gone`
  // The files stay on the volume, so another run costs little.
  const isFirst = (seen.cache.status?.hydration?.attempt ?? 0) <= 1
  if (!isFirst) return { result: failed(seen, run, { reason: 'HydrationFailed', message }) }
  return { result: inProgress(seen, purpose, `${message}; it runs again`, { writes: [deletion(run)] }) }
}

/** Whether the Job ended so long ago that the watches must have shown its pod by now. */
function isOld({ now }: Observation, run: Run): boolean {
  return now - (endOf(run) ?? now) > WAITING_MS
}
