import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { sourceLine } from '../../api/source-line.ts'
import { condition } from './conditions.ts'
import type { Observation } from './observe.ts'
import type { StepResult } from './step.ts'

/** The whole status of a cache, from what its steps say: one of them, the last, has a verdict. */
export function statusOf({ cache, now }: Observation, results: readonly StepResult[]): ModelCacheStatus {
  const { metadata, spec, status } = cache
  const { ready, blocked } = results.at(-1) ?? {}
  const verdict = ready ?? blocked
  const common = { observedGeneration: metadata.generation, source: sourceLine(spec) }
  const parts = Object.assign({}, ...results.map(result => result.status)) as Partial<ModelCacheStatus>
  if (verdict === undefined) return { ...common, ...parts }
  const next = {
    type: 'Ready',
    status: ready === undefined ? 'False' : 'True',
    reason: verdict.reason,
    message: verdict.message,
    observedGeneration: metadata.generation,
  } as const
  return {
    ...common,
    ...parts,
    phase: blocked?.phase ?? 'Ready',
    conditions: [condition(status?.conditions, next, now)],
  }
}
