import { EXIT } from '../../../api/hydration-report.ts'
import { QUEUE_NAME } from '../../../api/kubernetes/hydration-job.ts'
import type { HydrationPod } from '../../../api/kubernetes/hydration-pod.ts'
import { parseBytes } from '../../../api/kubernetes/quantity.ts'
import { MADE_FROM } from '../../../api/names.ts'
import { type MountedClaim, madeFrom, type Purpose } from '../objects/hydration-job.ts'
import { isMadeFor } from '../objects/made-for.ts'
import type { Observation, Run } from '../observe.ts'
import { held } from './ended.ts'
import { isFinished, stateOfHydrator } from './pods.ts'

/**
 * An injected container may keep the pod from ever ending. So the pod has this long after the hydrator has
 * ended, and then the controller ends the Job.
 */
export const LINGER_MS = 60_000

/** What to do about a Job. */
export type JobState =
  /** The Job has no owner: its cache is gone. */
  | 'orphaned'
  /** The Job is being deleted, its name is not free yet, and it has nothing to say. */
  | 'deleting'
  /** The ModelCache or its claim has changed since the Job was created. */
  | 'outdated'
  /** Status does not have the UID of the Job yet, so admission does not know its pods. */
  | 'unrecorded'
  /** The hydrator has succeeded. */
  | 'complete'
  /** The hydrator has failed, and the Job creates no other pod. */
  | 'failed'
  /** The Job was created suspended, and may start now. */
  | 'new'
  /** Somebody else has suspended the Job, or a queue decides when it starts. */
  | 'suspended'
  | 'running'

export function stateOf(seen: Observation, purpose: Purpose, run: Run): JobState {
  const { metadata } = run.job
  const obsolete = obsolescence(seen, purpose, run)
  const ended = obsolete === undefined ? endedAs(run, seen.now) : undefined
  if (ended !== undefined) return ended
  if (metadata.deletionTimestamp !== undefined) return 'deleting'
  return obsolete ?? suspension(seen, run) ?? 'running'
}

/** Why the Job does not count for this cache, or not yet. */
function obsolescence(seen: Observation, purpose: Purpose, { job }: Run) {
  const { cache } = seen
  if (!isMadeFor(cache, job)) return 'orphaned'
  if (job.metadata.annotations?.[MADE_FROM] !== inputsNow(seen, purpose)) return 'outdated'
  return cache.status?.hydration?.jobUID === job.metadata.uid ? undefined : 'unrecorded'
}

function endedAs(run: Run, now: number) {
  if (held(run, 'Complete') || run.pods.some(hasSucceeded)) return 'complete'
  return held(run, 'Failed') || hasFailed(run, now) ? 'failed' : undefined
}

function suspension({ cache }: Observation, { job }: Run) {
  if (job.spec.suspend !== true) return undefined
  const isQueued = job.metadata.labels?.[QUEUE_NAME] !== undefined
  return isQueued || cache.status?.hydration?.resumed ? 'suspended' : 'new'
}

/** Whether the newest pod has not ended. */
export function isGoingOn({ pods }: Run): boolean {
  const pod = pods.at(-1)
  return pod !== undefined && !isFinished(pod)
}

/** Whether the hydrator has ended long ago, and another container keeps its pod from ending. */
export function lingers(run: Run, now: number): boolean {
  const pod = run.pods.at(-1)
  if (pod === undefined || !isGoingOn(run)) return false
  const at = Date.parse(stateOfHydrator(pod).terminated?.finishedAt ?? '')
  return now - at >= LINGER_MS
}

function hasSucceeded(pod: HydrationPod): boolean {
  return stateOfHydrator(pod).terminated?.exitCode === 0
}

/**
 * Whether the newest pod has failed and no other one will follow. After most failures the Job creates another
 * pod, but only once this one has ended, and it may never end. What deletes or evicts a pod decides what
 * follows.
 */
function hasFailed(run: Run, now: number): boolean {
  const pod = run.pods.at(-1)
  const code = pod && stateOfHydrator(pod).terminated?.exitCode
  if (code === undefined || code === 0) return false
  if (pod?.metadata.deletionTimestamp !== undefined || pod?.status?.reason === 'Evicted') return false
  return code === EXIT.failed || code === EXIT.usage || lingers(run, now)
}

/** What a Job of this purpose is made from now. */
export function inputsNow(seen: Observation, purpose: Purpose): string {
  return madeFrom(seen.cache, purpose, mounted(seen, purpose)?.uid)
}

/** The claim that a Job of this purpose mounts. */
export function mounted({ claim }: Observation, purpose: Purpose): MountedClaim | undefined {
  if (purpose === 'measure' || claim === undefined) return undefined
  const size = claim.status?.capacity?.storage ?? claim.spec.resources?.requests?.storage
  return { uid: claim.metadata.uid, bytes: size === undefined ? undefined : parseBytes(size) }
}
