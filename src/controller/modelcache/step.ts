import type { ModelCacheStatus, PHASES } from '../../api/modelcache-status.ts'
import type { StatusReason } from '../../api/status-reasons.ts'
import type { Purpose } from './objects/hydration-job.ts'
import type { Observation } from './observe.ts'

export type Phase = (typeof PHASES)[number]

/** Why a cache is Ready, or is not. */
export interface Cause {
  reason: StatusReason
  message: string
}

/** What becomes of a cache, and why. */
export type Verdict = Cause &
  ({ ready: true; phase: 'Ready' } | { ready: false; phase: Exclude<Phase, 'Ready'> })

/** The kinds of objects that the controller makes for a cache. */
export type MadeKind = 'PersistentVolumeClaim' | 'HydrationJob'

/** One change of the cluster, all in the namespace of the cache. */
export type Write =
  /** The Job of a task, from the whole ModelCache: what was seen of it has digests in place of what is large. */
  | { readonly do: 'start'; readonly kind: 'HydrationJob'; readonly purpose: Purpose }
  /** Never takes over what is there. */
  | { readonly do: 'create'; readonly kind: 'PersistentVolumeClaim'; readonly object: object }
  /** JSON merge patch, of that version of the object and no other. */
  | {
      readonly do: 'merge'
      readonly kind: MadeKind
      readonly name: string
      readonly resourceVersion: string | undefined
      readonly patch: object
    }
  /** That object and no other of its name. */
  | {
      readonly do: 'delete'
      readonly kind: MadeKind
      readonly name: string
      readonly uid: string | undefined
      readonly propagation: 'Background' | 'Foreground'
    }
  /** Our finalizer of the ModelCache itself. */
  | { readonly do: 'finalizer'; readonly present: boolean }

/** What is to be done, whatever becomes of the cache. */
export interface Actions {
  writes?: readonly Write[]
  /** What the step adds to status. */
  status?: Partial<ModelCacheStatus>
  /** Look again after so many milliseconds. */
  againMs?: number | undefined
}

/** A step lets the next one look, or decides what becomes of the cache, and ends the chain. */
export type StepResult = Actions &
  ({ next: true; verdict?: undefined } | { verdict: Verdict; next?: undefined })

/** One concern of a cache, decided from what was seen and nothing else. */
export type Step = (seen: Observation) => StepResult

/** The step is content, and the next one looks. */
export function goOn(actions: Actions = {}): StepResult {
  return { ...actions, next: true }
}

/** The cache is Ready. */
export function ready(cause: Cause, actions: Actions = {}): StepResult {
  return { ...actions, verdict: { ...cause, ready: true, phase: 'Ready' } }
}

/** The cache is not Ready. */
export function notReady(cause: Cause, phase: Exclude<Phase, 'Ready'>, actions: Actions = {}): StepResult {
  return { ...actions, verdict: { ...cause, ready: false, phase } }
}
