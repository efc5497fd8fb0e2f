import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import type { Condition } from '../../api/condition.ts'
import type { ServingWorkload } from '../../api/kubernetes/serving-objects.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { DeploymentCause } from '../../api/modeldeployment-reasons.ts'
import type { ModelDeploymentStatus } from '../../api/modeldeployment-status.ts'
import { conditionOf, isReady } from '../../api/readiness.ts'
import { few, foreign } from '../../api/schema/text.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { selectorText, servingSelectorOf } from '../../deployment/made-for.ts'
import { readyMount } from '../../injection/cache-mount.ts'
import { condition } from '../conditions.ts'
import { WORKLOADS } from './parts.ts'

const MAX_MESSAGE = 1_024

/** What the controller knows about a ModelDeployment when it looks at it. */
export interface SeenDeployment {
  deployment: KnownDeployment
  /** The caches that it names, in their order; undefined for one that does not exist. */
  caches: readonly { name: string; cache: ModelCache | undefined }[]
  /** The Deployment or LeaderWorkerSet that we made. */
  workload: ServingWorkload | undefined
  /** How the pods of a gang start. */
  bootstrap?: string | undefined
  /** Why an object could not be made or changed. */
  obstacle?: DeploymentCause | undefined
  /** Why pods do not serve, in the words of the pod or of what creates it. */
  trouble?: string | undefined
  /** Milliseconds since the epoch. */
  now: number
}

/** The whole status of a deployment. */
export function statusOf(seen: SeenDeployment): ModelDeploymentStatus {
  const { deployment, workload, caches, now } = seen
  const { metadata, spec, status } = deployment
  const { replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = workload?.status ?? {}
  const readyCaches = caches.filter(
    ({ cache }) => cache !== undefined && readyMount(cache) !== undefined,
  ).length
  const make = (type: string, held: boolean, { reason, message }: DeploymentCause): Condition =>
    condition(
      status?.conditions,
      {
        type,
        status: held ? 'True' : 'False',
        reason,
        message,
        observedGeneration: metadata.generation,
      },
      now,
    )
  const cachesReady = cachesCause(seen)
  const available = readyReplicas >= spec.replicas && workload !== undefined
  const progress = progressCause(seen)
  return {
    observedGeneration: metadata.generation,
    replicas,
    readyReplicas,
    updatedReplicas,
    ready: `${readyReplicas}/${spec.replicas}`,
    caches: `${readyCaches}/${caches.length}`,
    selector: selectorText(servingSelectorOf(metadata.name, spec.strategy)),
    conditions: [
      make('Available', available, availableCause(seen, available)),
      make('CachesReady', readyCaches === caches.length, cachesReady),
      make('Progressing', progress.reason !== 'Complete' && progress.reason !== 'Stuck', progress),
      make('Ready', available, availableCause(seen, available)),
      // As kstatus wants it, they are absent if they are not True.
      ...(progress.reason === 'Stuck' ? [make('Stalled', true, progress)] : []),
      ...(progress.reason !== 'Stuck' && (!available || progress.reason !== 'Complete')
        ? [make('Reconciling', true, progress)]
        : []),
    ],
    ...(workload && {
      workload: {
        kind: KINDS[WORKLOADS[spec.strategy]].kind,
        name: metadata.name,
        ...(seen.bootstrap !== undefined && { bootstrap: seen.bootstrap }),
      },
    }),
  }
}

function cachesCause({ caches, deployment }: SeenDeployment): DeploymentCause {
  if (caches.length === 0) return { reason: 'NoCaches', message: 'it names no caches' }
  const missing = caches.filter(({ cache }) => cache === undefined)
  if (missing.length > 0) {
    const names = few(missing.map(({ name }) => name))
    const message = `there is no ModelCache ${names} in namespace ${deployment.metadata.namespace}; create it`
    return { reason: 'CacheNotFound', message }
  }
  const waiting = caches.flatMap(({ cache }) =>
    cache === undefined || readyMount(cache) !== undefined ? [] : [cache],
  )
  if (waiting.length === 0) return { reason: 'Ready', message: 'all caches are Ready' }
  const message = few(waiting.map(wordsOf))
  const isFailed = waiting.some(({ status }) => status?.phase === 'Failed')
  return { reason: isFailed ? 'CacheFailed' : 'CacheNotReady', message: foreign(message, MAX_MESSAGE) }
}

/** `llama is Hydrating 62% (Hydrating: Job … writes …)` */
function wordsOf(cache: ModelCache): string {
  const { metadata, status } = cache
  if (isReady(cache)) return `${metadata.name} is staged in other clusters alone (spec.clusterSelector)`
  const ready = conditionOf(status, 'Ready')
  const share = status?.progress === undefined ? '' : ` ${status.progress}`
  const why = ready === undefined ? '' : ` (${ready.reason}: ${ready.message})`
  return `${metadata.name} is ${status?.phase ?? 'Pending'}${share}${why}`
}

function availableCause(seen: SeenDeployment, isAvailable: boolean): DeploymentCause {
  const { deployment, workload, obstacle, trouble } = seen
  const { readyReplicas = 0 } = workload?.status ?? {}
  const count = `${readyReplicas} of ${deployment.spec.replicas} serve`
  if (isAvailable) return { reason: 'AllServe', message: count }
  if (obstacle !== undefined) return obstacle
  const caches = cachesCause(seen)
  if (!['Ready', 'NoCaches'].includes(caches.reason))
    return { reason: caches.reason, message: `${count}; ${caches.message}` }
  if (trouble === undefined) return { reason: 'Starting', message: count }
  return { reason: 'PodsNotReady', message: foreign(`${count}; ${trouble}`, MAX_MESSAGE) }
}

function progressCause(seen: SeenDeployment): DeploymentCause {
  const { deployment, workload, obstacle, trouble } = seen
  const { replicas } = deployment.spec
  if (obstacle !== undefined) return { reason: 'Stuck', message: obstacle.message }
  if (workload === undefined) return { reason: 'Creating', message: 'its objects are being created' }
  const { status } = workload
  const { generation = 0 } = workload.metadata
  // LeaderWorkerSets before 0.9 do not say what they have seen.
  const isObserved = status !== undefined && (status.observedGeneration ?? generation) >= generation
  const { updatedReplicas = 0, readyReplicas = 0, replicas: existing = 0 } = status ?? {}
  const isComplete =
    isObserved && updatedReplicas === replicas && existing === replicas && readyReplicas === replicas
  if (isComplete) return { reason: 'Complete', message: 'all instances run the present spec' }
  const stuck = status?.conditions?.find(
    ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
  )
  if (stuck !== undefined)
    return { reason: 'Stuck', message: foreign(trouble ?? stuck.message ?? '', MAX_MESSAGE) }
  return { reason: 'RollingOut', message: `${updatedReplicas} of ${replicas} run the present spec` }
}
