import type { ModelCacheStatus, PHASES } from '../../api/modelcache-status.ts'
import type { StatusReason } from '../../api/status-reasons.ts'
import type { Task } from './objects/hydration-job.ts'
import type { Observation } from './observe.ts'

export type Phase = (typeof PHASES)[number]

/** Why a cache is Ready, or is not. */
export interface Verdict {
  reason: StatusReason
  message: string
}

/** The kinds of objects that the controller makes for a cache. */
export type MadeKind = 'PersistentVolumeClaim' | 'HydrationJob'

/** One change of the cluster, all in the namespace of the cache. */
export type Write =
  /** The Job of a task, from the whole ModelCache: what was seen of it has digests in place of what is large. */
  | { readonly do: 'start'; readonly kind: 'HydrationJob'; readonly task: Task }
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

export interface StepResult {
  writes?: readonly Write[]
  /** What the step adds to status. */
  status?: Partial<ModelCacheStatus>
  /** The first step that says so decides that the cache is not Ready, and ends the chain. */
  blocked?: Verdict & { phase: Phase }
  /** The first step that says so decides that the cache is Ready, and ends the chain. */
  ready?: Verdict
  /** Look again after so many milliseconds. */
  againMs?: number | undefined
}

/** One concern of a cache, decided from what was seen and nothing else. A step that has nothing to say gives `{}`. */
export type Step = (seen: Observation) => StepResult
