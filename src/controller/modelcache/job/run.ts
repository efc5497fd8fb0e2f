import { MADE_FROM, REFETCH } from '../../../api/annotations.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { effectOf } from '../../../api/status-reasons.ts'
import { jobName, madeFrom, type Task } from '../objects/hydration-job.ts'
import { isMadeFor } from '../objects/made-for.ts'
import type { Observation, Work } from '../observe.ts'
import { isUnbound } from '../observe.ts'
import { rfc3339 } from '../status/conditions.ts'
import type { Phase, StepResult, Verdict, Write } from '../step.ts'
import { failureOfJob, lastLine } from './failure.ts'
import { obstacle } from './obstacle.ts'
import { isRunning, stateOf } from './pods.ts'

/** While a pod runs, for its progress; else, for why it does not. */
const RUNNING_MS = 5_000
const WAITING_MS = 10_000

/** A Job that failed and may succeed is made again after a pause that doubles. */
const FIRST_PAUSE_MS = 60_000
const MAX_PAUSE_MS = 30 * 60_000

/** How a task stands: it goes on, or its pod has said something as it ended. */
export type TaskResult = StepResult & { report?: { said: unknown; at: string | undefined } }

/**
 * Brings a task on its way. Its Job is created suspended; its UID goes into status, by which admission knows its pods; then it is resumed.
 * A Job that was made from what the ModelCache was before is deleted, and the next one takes its place.
 */
export function runTask(seen: Observation, task: Task): TaskResult {
  const { cache, now } = seen
  const work = seen.work[task]
  const name = jobName(cache, task)
  // One text for all that comes before its pod starts: each other one would be a write of status.
  const waits = waitText(name)
  if (work === undefined) {
    const start: Write = { do: 'start', kind: 'HydrationJob', task }
    return { writes: [start], ...goesOn(seen, task, waits) }
  }
  const { job, pods } = work
  if (job.metadata.deletionTimestamp !== undefined)
    return goesOn(seen, task, `the last Job ${name} goes, and another one is made`)
  if (!isMadeFor(cache, job))
    return {
      writes: [deletion(work)],
      ...goesOn(seen, task, `Job ${name} has no owner, and another one is made`),
    }
  if (job.metadata.annotations?.[MADE_FROM] !== madeFrom(cache)) {
    const hydration = { ...cache.status?.hydration, attempt: 0 }
    const message = `the ModelCache has changed, so Job ${name} is made again`
    return { writes: [deletion(work)], status: { hydration }, ...goesOn(seen, task, message) }
  }
  const before = cache.status?.hydration
  if (before?.jobUID !== job.metadata.uid) {
    const { refetch } = before ?? {}
    const hydration = {
      ...{ jobName: name, jobUID: job.metadata.uid },
      ...{ attempt: (before?.attempt ?? 0) + 1, startedAt: rfc3339(now) },
      ...(refetch !== undefined && { refetch }),
    }
    return { status: { hydration }, ...goesOn(seen, task, waits) }
  }
  if (holds(work, 'Complete')) return completed(seen, task, work)
  if (holds(work, 'Failed')) return failed(seen, work, failureOfJob(job, pods))
  if (job.spec.suspend === true) {
    const { resourceVersion } = job.metadata
    const resume: Write = {
      do: 'merge',
      kind: 'HydrationJob',
      name,
      resourceVersion,
      patch: { spec: { suspend: false } },
    }
    return { writes: [resume], ...goesOn(seen, task, waits) }
  }
  return working(seen, task, work)
}

/** Deletes a Job, and its pods with it. The API's own default would leave the pods. */
function deletion({ job }: Work): Write {
  const { name, uid } = job.metadata
  return { do: 'delete', kind: 'HydrationJob', name, uid, propagation: 'Foreground' }
}

/** The same of each that is there and not on its way out already. */
export function deletions(...works: readonly (Work | undefined)[]): Write[] {
  return works.flatMap(work =>
    work === undefined || work.job.metadata.deletionTimestamp !== undefined ? [] : [deletion(work)],
  )
}

function goesOn(seen: Observation, task: Task, message: string): StepResult {
  return { blocked: inPhase(seen, task, message), againMs: WAITING_MS }
}

/** The verdict while nothing is in the way. */
function inPhase(seen: Observation, task: Task, message: string): Verdict & { phase: Phase } {
  if (task === 'measure') return { reason: 'Measuring', message, phase: 'Resolving' }
  if (isUnbound(seen)) return { reason: 'Provisioning', message, phase: 'Provisioning' }
  return { reason: 'Hydrating', message, phase: 'Hydrating' }
}

function working(seen: Observation, task: Task, work: Work): StepResult {
  const pod = work.pods.at(-1)
  const isAtWork = pod !== undefined && isRunning(pod)
  const verdict = inPhase(seen, task, messageOf(seen, task, work, isAtWork))
  return {
    status: isAtWork ? progressOf(seen) : {},
    blocked: { ...verdict, ...obstacle(seen, work) },
    againMs: isAtWork ? RUNNING_MS : WAITING_MS,
  }
}

function messageOf({ claim }: Observation, task: Task, { job }: Work, isAtWork: boolean): string {
  const { name } = job.metadata
  if (!isAtWork) return waitText(name)
  return task === 'measure'
    ? `Job ${name} asks the source how large it is`
    : `Job ${name} writes the artifact onto claim ${claim?.metadata.name}`
}

function waitText(job: string): string {
  return `Job ${job} waits for its pod to start`
}

/** Of the log: an older pod may have said more than this one, which checks first what is there. */
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

/** 100% is for a snapshot that is complete. */
function percent(share: number): string {
  return `${Math.min(99, Math.floor(share * 100))}%`
}

function completed(seen: Observation, task: Task, work: Work): TaskResult {
  const ended = work.pods.map(pod => stateOf(pod).terminated).find(state => state?.exitCode === 0)
  const said = lastLine(ended?.message)
  if (said === undefined && !isOld(seen, work))
    return goesOn(seen, task, 'the Job is complete, and its report is on its way')
  if (said === undefined) {
    const message = `Job ${work.job.metadata.name} is complete, but its pod is gone, and its report with it`
    // What was written is there, so that another run costs little.
    const isFirst = (seen.cache.status?.hydration?.attempt ?? 0) <= 1
    if (isFirst) return { writes: [deletion(work)], ...goesOn(seen, task, `${message}; it runs again`) }
    return failed(seen, work, { reason: 'HydrationFailed', message })
  }
  return {
    ...goesOn(seen, task, 'the Job is complete'),
    report: { said, at: ended?.finishedAt ?? undefined },
  }
}

/** Whether a Job ended so long ago that all watches have told of its pod. */
function isOld({ now }: Observation, work: Work): boolean {
  return now - (endOf(work) ?? now) > WAITING_MS
}

/** What will fail again waits for somebody; the rest is tried again. */
export function failed(seen: Observation, work: Work, { reason, message }: Verdict): StepResult {
  const { cache, now } = seen
  const { namespace, name } = cache.metadata
  if (effectOf(reason) === 'final') {
    const again = `then: kubectl -n ${namespace} annotate modelcache/${name} --overwrite ${REFETCH}="$(date)"`
    return { blocked: { reason, message: `${message}; ${again}`, phase: 'Failed' } }
  }
  const attempt = Math.max(1, cache.status?.hydration?.attempt ?? 1)
  const pause = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1))
  const since = endOf(work) ?? now
  const left = since + pause - now
  const blocked = {
    reason,
    message: `${message}; attempt ${attempt}, and the next one comes within ${Math.ceil(pause / 60_000)} min`,
    phase: 'Failed' as const,
  }
  return left > 0 ? { blocked, againMs: left } : { writes: [deletion(work)], blocked }
}

function endOf({ job }: Work): number | undefined {
  const ended = job.status?.conditions?.find(
    ({ type, status }) => status === 'True' && (type === 'Failed' || type === 'Complete'),
  )
  const at = Date.parse(ended?.lastTransitionTime ?? '')
  return Number.isNaN(at) ? undefined : at
}

function holds({ job }: Work, type: string): boolean {
  return (
    job.status?.conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false
  )
}
