import type { Logger } from 'pino'
import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import { API_VERSION } from '../../api/schema/group.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Stores } from '../../cluster/stores.ts'
import { selectorOf, selectorText } from '../../deployment/made-for.ts'
import { readyMount } from '../../injection/cache-mount.ts'
import type { Recorder } from '../../kube/events.ts'
import { type ReconcilerObserver, startReconciler } from '../../kube/reconciler.ts'
import type { Rest } from '../../kube/rest.ts'
import { indexStore } from '../../kube/store-index.ts'
import { owns, watches } from '../../kube/watch-source.ts'
import { applyStatus, isSameStatus } from '../apply-status.ts'
import { createBringInLine, type InLine } from './bring-in-line.ts'
import { creationTrouble } from './creation-trouble.ts'
import { PART_KINDS, type PartKind, WORKLOADS } from './parts.ts'
import { type SeenDeployment, statusOf } from './status.ts'
import { transition } from './transition.ts'
import { podTrouble } from './troubles.ts'

const CONCURRENCY = 4
/** While pods do not serve, we look this often why. */
const TROUBLE_MS = 30_000
/** The watch will show our own write within a moment. */
const STALE_MS = 5_000

export interface DeploymentReconcilerOptions {
  stores: Stores<'ModelCache' | 'ModelDeployment' | PartKind>
  rest: Pick<Rest, 'apply' | 'delete' | 'get'>
  recorder: Recorder
  observer: ReconcilerObserver
  logger: Logger
  signal: AbortSignal
}

/**
 * Keeps the cluster in line with every ModelDeployment until the signal aborts; can be started again after
 * that. Each change of a deployment, of what was made for it, or of a cache that it names leads to one look.
 */
export function startDeploymentReconciler(options: DeploymentReconcilerOptions): void {
  const { stores, rest, recorder, observer, logger, signal } = options
  const inNamespace = indexStore(stores.ModelDeployment, ({ metadata }) => metadata.namespace, signal)
  const { bringInLine, forget } = createBringInLine({ stores, rest, logger, signal })

  const cachesOf = ({ metadata, spec }: KnownDeployment) =>
    (spec.caches ?? []).flatMap(({ name }) => stores.ModelCache.get(metadata.namespace, name) ?? [])

  const observe = async (
    deployment: KnownDeployment,
    { obstacle, bootstrap }: InLine,
  ): Promise<SeenDeployment> => {
    const { namespace = '', name } = deployment.metadata
    const caches = (deployment.spec.caches ?? []).map(cache => ({
      name: cache.name,
      cache: stores.ModelCache.get(namespace, cache.name),
    }))
    const workload = stores[WORKLOADS[deployment.spec.strategy]].get(namespace, name)
    const { readyReplicas = 0, conditions = [] } = workload?.status ?? {}
    // While a cache is missing, that is why.
    const isShort =
      workload !== undefined &&
      readyReplicas < deployment.spec.replicas &&
      caches.every(({ cache }) => cache !== undefined && readyMount(cache) !== undefined)
    const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
    const trouble = !isShort
      ? undefined
      : (failure?.message ??
        (await podTrouble(rest, namespace, selectorText(selectorOf(name)), signal)) ??
        (deployment.spec.strategy === 'TensorPipeline'
          ? await creationTrouble(rest, namespace, name, signal)
          : undefined))
    return { deployment, caches, workload, obstacle, bootstrap, trouble, now: Date.now() }
  }

  startReconciler({
    name: 'modeldeployment',
    store: stores.ModelDeployment,
    kind: 'ModelDeployment',
    sources: [
      ...PART_KINDS.map(kind => owns(stores[kind])),
      watches(stores.ModelCache, ({ metadata }) =>
        [...inNamespace(metadata.namespace ?? '')].filter(({ spec }) =>
          spec.caches?.some(({ name }) => name === metadata.name),
        ),
      ),
    ],
    async reconcile(deployment) {
      if (deployment.metadata.deletionTimestamp !== undefined) return undefined
      const inLine = await bringInLine(deployment, cachesOf(deployment))
      const seen = await observe(deployment, inLine)
      const status = statusOf(seen)
      const isStored =
        isSameStatus(status, deployment.status) ||
        (await applyStatus(KINDS.ModelDeployment, deployment.metadata, status, { rest, signal }))
      if (!isStored) return { againMs: STALE_MS }
      const { namespace = '', name, uid } = deployment.metadata
      const regarding = { apiVersion: API_VERSION, kind: 'ModelDeployment', namespace, name, uid }
      for (const event of [inLine.event, transition(deployment.status, status)])
        if (event !== undefined) await recorder.record(regarding, event)
      const isDone = !status.conditions?.some(({ type }) => type === 'Reconciling' || type === 'Stalled')
      return isDone ? undefined : { againMs: TROUBLE_MS }
    },
    concurrency: CONCURRENCY,
    observer,
    logger,
    signal,
  })
  const stop = stores.ModelDeployment.onChange(change => {
    if (change.type === 'deleted') forget(change.object)
  })
  signal.addEventListener('abort', stop, { once: true })
}
