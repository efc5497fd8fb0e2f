import type { EventInput } from '../../kube/events.ts'

/** The Event about a copy that stays in a cluster whose InferenceCluster is gone. */
export function orphaned(cluster: string): EventInput {
  const note = `InferenceCluster ${cluster} was deleted; the copy in that cluster stays there, and the hub does not look after it any more`
  return { type: 'Warning', reason: 'CopyOrphaned', action: 'Replicate', note }
}
