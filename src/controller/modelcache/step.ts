import type { ModelCacheStatus, PHASES } from '../../api/modelcache-status.ts'
import type { StatusReason } from '../../api/status-reasons.ts'
import type { Observation } from './observe.ts'

export type Phase = (typeof PHASES)[number]

/** Why a cache is Ready, or is not. */
export interface Verdict {
  reason: StatusReason
  message: string
}

export interface StepResult {
  /** What the step adds to status. */
  status?: Partial<ModelCacheStatus>
  /** The first step that says so decides that the cache is not Ready, and ends the chain. */
  blocked?: Verdict & { phase: Phase }
  /** The first step that says so decides that the cache is Ready, and ends the chain. */
  ready?: Verdict
  /** Look again after so many milliseconds. */
  againMs?: number
}

/** One concern of a cache, decided from what was seen and nothing else. A step that has nothing to say gives `{}`. */
export type Step = (seen: Observation) => StepResult
