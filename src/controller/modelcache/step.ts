import type { ModelCacheStatus, PHASES } from '../../api/modelcache-status.ts'
import type { StatusReason } from '../../api/status-reasons.ts'
import type { EventInput } from '../../kube/events.ts'
import type { NewClaim } from './objects/claim.ts'
import type { MountedClaim, Purpose } from './objects/hydration-job.ts'
import type { Observation } from './observe.ts'

export type Phase = (typeof PHASES)[number]

/** Why a cache is Ready or not. */
export interface Cause {
  reason: StatusReason
  message: string
}

/** How a run failed, as status keeps it. */
export type RunFailure = NonNullable<NonNullable<ModelCacheStatus['hydration']>['failure']>

/** The verdict on a cache, and its reason. */
export type Verdict = Cause &
  ({ ready: true; phase: 'Ready' } | { ready: false; phase: Exclude<Phase, 'Ready'> })

/** The kinds of objects that the controller creates for a cache. */
export type MadeKind = 'PersistentVolumeClaim' | 'HydrationJob'

/** One change of the cluster, in the namespace of the cache. */
export type Write =
  /**
   * Create the Job of a run. It needs the whole ModelCache, because the observed one has digests in place of
   * large values.
   */
  | {
      readonly do: 'start'
      readonly kind: 'HydrationJob'
      readonly purpose: Purpose
      /** The claim that it mounts. */
      readonly claim?: MountedClaim | undefined
    }
  /** Create the claim, for which the same is true. It never takes over an existing one. */
  | { readonly do: 'create'; readonly kind: 'PersistentVolumeClaim'; readonly claim: NewClaim }
  /** Let exactly that version of a Job start. */
  | {
      readonly do: 'resume'
      readonly kind: 'HydrationJob'
      readonly name: string
      readonly resourceVersion: string | undefined
    }
  /** A JSON merge patch of exactly that version of the object. */
  | {
      readonly do: 'merge'
      readonly kind: MadeKind
      readonly name: string
      readonly resourceVersion: string | undefined
      readonly patch: { readonly metadata?: object; readonly spec?: object }
    }
  /** Delete exactly that object, and no other of its name. */
  | {
      readonly do: 'delete'
      readonly kind: MadeKind
      readonly name: string
      readonly uid: string | undefined
      readonly propagation: 'Background' | 'Foreground'
    }
  /** Our finalizer on the ModelCache itself. */
  | { readonly do: 'finalizer'; readonly present: boolean }

/** What to do, whatever the verdict is. */
export interface Actions {
  writes?: readonly Write[]
  /** What the step adds to status. */
  status?: Partial<ModelCacheStatus>
  /** What else to tell people. */
  events?: readonly EventInput[]
  /** Look again after this many milliseconds. */
  againMs?: number | undefined
}

/** A step either passes on to the next one, or gives the verdict and ends the chain. */
export type StepResult = Actions &
  ({ next: true; verdict?: undefined } | { verdict: Verdict; next?: undefined })

/** One concern of a cache. It decides only from what was observed. */
export type Step = (seen: Observation) => StepResult

/** The step has nothing to say, and the next one looks. */
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
