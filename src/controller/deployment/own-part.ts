import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import type { ModelDeploymentStatus } from '../../api/modeldeployment-status.ts'
import { conditionOf } from '../../api/readiness.ts'
import { foreign } from '../../api/schema/text.ts'
import { condition } from '../conditions.ts'

const MAX_MESSAGE = 1_024

type Local = NonNullable<ModelDeploymentStatus['local']>

/** Of a status of instances in this cluster, what its controller says if the hub says the rest. */
export function localPart(status: ModelDeploymentStatus): Local {
  const { replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = status
  const message = conditionOf(status, 'Available')?.message
  return {
    ...{ replicas, readyReplicas, updatedReplicas, complete: isDone(status) },
    ...(message !== undefined && { message: foreign(message, MAX_MESSAGE) }),
  }
}

/** The part of a stored status that the controller writes: the whole, unless the hub writes some of it. */
export function ownPart(stored: ModelDeploymentStatus | undefined): ModelDeploymentStatus | undefined {
  if (stored?.clusters === undefined) return stored
  return stored.local === undefined ? {} : { local: stored.local }
}

/** The status while nobody has said yet where a deployment serves. What is there stays. */
export function awaitingStatus(
  { metadata, spec, status }: KnownDeployment,
  message: string,
  now: number,
): ModelDeploymentStatus {
  const make = (type: string, holds: boolean) =>
    condition(
      status?.conditions,
      {
        ...{ type, status: holds ? 'True' : 'False', reason: 'SplitAwaited', message },
        ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
      },
      now,
    )
  return {
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    ready: `0/${spec.replicas}`,
    conditions: [
      make('Available', false),
      make('Progressing', false),
      make('Ready', false),
      make('Stalled', true),
    ],
  }
}

/** Whether nothing is left to do, and all instances serve. */
export function isDone({ conditions, local }: ModelDeploymentStatus): boolean {
  if (local !== undefined) return local.complete
  return !conditions?.some(({ type }) => type === 'Reconciling' || type === 'Stalled')
}
