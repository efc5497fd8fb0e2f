import type { Logger } from 'pino'
import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import type { ModelDeploymentStatus } from '../../api/modeldeployment-status.ts'
import { deploymentTravels } from '../../api/placement.ts'
import { API_VERSION } from '../../api/schema/group.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Stores } from '../../cluster/stores.ts'
import { selectorOf, selectorText } from '../../deployment/made-for.ts'
import { readyMount } from '../../injection/cache-mount.ts'
import type { EventInput, Recorder } from '../../kube/events.ts'
import { type ReconcilerObserver, startReconciler } from '../../kube/reconciler.ts'
import type { Rest } from '../../kube/rest.ts'
import { indexStore } from '../../kube/store-index.ts'
import { owns, watches } from '../../kube/watch-source.ts'
import { applyStatus, isSameStatus } from '../apply-status.ts'
import { createBringInLine, type InLine } from './bring-in-line.ts'
import { creationTrouble } from './creation-trouble.ts'
import { awaitingStatus, isDone, localPart, ownPart } from './own-part.ts'
import { PART_KINDS, type PartKind, WORKLOADS } from './parts.ts'
import { shareOf } from './share.ts'
import { type SeenDeployment, statusOf } from './status.ts'
import { transition } from './transition.ts'
import { podTrouble } from './troubles.ts'

const CONCURRENCY = 4
/** While pods do not serve, we look this often why. */
const TROUBLE_MS = 30_000
/** The watch will show our own write within a moment. */
const STALE_MS = 5_000

export interface DeploymentReconcilerOptions {
  stores: Stores<'InferenceCluster' | 'ModelCache' | 'ModelDeployment' | PartKind>
  /** The InferenceCluster of this cluster, if that is configured. */
  clusterName: string | undefined
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
  const { stores, clusterName, rest, recorder, observer, logger, signal } = options
  const inNamespace = indexStore(stores.ModelDeployment, ({ metadata }) => metadata.namespace, signal)
  /** The UIDs of deployments whose status is the hub's, except for our part. */
  const handedOver = new Set<string>()
  const { bringInLine, removeWorkload, forget } = createBringInLine({ stores, rest, logger, signal })

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

  /** Brings the objects in line, and stores what `part` leaves of the status. */
  const serve = async (
    deployment: KnownDeployment,
    part: (status: ModelDeploymentStatus) => ModelDeploymentStatus,
  ) => {
    const inLine = await bringInLine(deployment, cachesOf(deployment))
    return store(deployment, part(statusOf(await observe(deployment, inLine))), inLine.event)
  }

  const store = async (deployment: KnownDeployment, status: ModelDeploymentStatus, event?: EventInput) => {
    const { metadata, status: before } = deployment
    const { namespace = '', name, uid = '' } = metadata
    const isSplit = before?.clusters !== undefined
    // What we wrote before the hub did goes with our first write after that.
    const isKnown = !isSplit || handedOver.has(uid)
    const isStored =
      (isKnown && isSameStatus(status, ownPart(before))) ||
      (await applyStatus(KINDS.ModelDeployment, metadata, status, { rest, signal }))
    if (!isStored) return { againMs: STALE_MS }
    if (isSplit) handedOver.add(uid)
    else handedOver.delete(uid)
    const regarding = { apiVersion: API_VERSION, kind: 'ModelDeployment', namespace, name, uid }
    for (const each of [event, transition(before, status)])
      if (each !== undefined) await recorder.record(regarding, each)
    return isDone(status) ? undefined : { againMs: TROUBLE_MS }
  }

  startReconciler({
    name: 'modeldeployment',
    store: stores.ModelDeployment,
    kind: 'ModelDeployment',
    sources: [
      ...PART_KINDS.map(kind => owns(stores[kind])),
      watches(stores.InferenceCluster, () => [...stores.ModelDeployment.values()].filter(deploymentTravels)),
      watches(stores.ModelCache, ({ metadata }) =>
        [...inNamespace(metadata.namespace ?? '')].filter(({ spec }) =>
          spec.caches?.some(({ name }) => name === metadata.name),
        ),
      ),
    ],
    async reconcile(deployment) {
      if (deployment.metadata.deletionTimestamp !== undefined) return undefined
      const share = shareOf(deployment, [...stores.InferenceCluster.values()], clusterName)
      if (share.kind === 'pending') return undefined
      if (share.kind === 'awaited')
        return store(deployment, awaitingStatus(deployment, share.message, Date.now()))
      if (share.kind === 'whole') return serve(deployment, status => status)
      const here = { ...deployment, spec: { ...deployment.spec, replicas: share.replicas } }
      if (share.replicas > 0) return serve(here, status => ({ local: localPart(status) }))
      await removeWorkload(deployment)
      return store(deployment, {})
    },
    concurrency: CONCURRENCY,
    observer,
    logger,
    signal,
  })
  const stop = stores.ModelDeployment.onChange(change => {
    if (change.type !== 'deleted') return
    forget(change.object)
    handedOver.delete(change.object.metadata.uid ?? '')
  })
  signal.addEventListener('abort', stop, { once: true })
}
