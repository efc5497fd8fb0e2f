import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { Condition } from '../api/condition.ts'
import { type InferenceCluster, isLocal } from '../api/inference-cluster.ts'
import { COPIES_FINALIZER, HUB_MANAGER } from '../api/names.ts'
import { conditionOf } from '../api/readiness.ts'
import { API_VERSION } from '../api/schema/group.ts'
import { KINDS } from '../cluster/kinds.ts'
import type { Stores } from '../cluster/stores.ts'
import { applyStatus, isSameStatus } from '../controller/apply-status.ts'
import { writeFinalizer } from '../controller/finalizer.ts'
import type { EventInput, Recorder } from '../kube/events.ts'
import { type ReconcilerObserver, startReconciler } from '../kube/reconciler.ts'
import { objectPath } from '../kube/resource.ts'
import { createRest, type Rest } from '../kube/rest.ts'
import { onDemand } from '../kube/watch-source.ts'
import { clusterStatus, type Found, isOther } from './cluster-status.ts'
import { type ConnectOptions, createConnector } from './connect.ts'
import { lookAt, type Seen } from './look.ts'
import type { Members } from './members.ts'
import { ClusterProblem } from './problem.ts'
import { retirementOf } from './retirement.ts'
import { unlessChanged } from './unless-missing.ts'

/** A cluster that does not answer holds up nobody until as many do not. */
const CONCURRENCY = 32
/** How often we look, also for credentials that were rotated. The spread keeps looks apart. */
const AGAIN_MS = 45_000
const SPREAD_MS = 15_000
/** The watch will show our own write within a moment. */
const STALE_MS = 5_000

export interface RegistryOptions extends Omit<ConnectOptions, 'rest'> {
  stores: Stores<'InferenceCluster'>
  rest: Pick<Rest, 'get' | 'apply' | 'jsonMerge'>
  /** The UID of the cluster of the hub. */
  hubID: string
  members: Members
  recorder: Recorder
  observer: ReconcilerObserver
  logger: Logger
}

/**
 * Looks at the cluster of every InferenceCluster, again and again, and says in its status what it found,
 * until the signal aborts; can be started again after that. Returns how to ask for a look at once.
 */
export function startRegistry(options: RegistryOptions): (name: string) => void {
  const { stores, rest, hubID, members, recorder, observer, logger, signal } = options
  const { connect, forget } = createConnector(options)
  const { source, wake } = onDemand()

  const look = async (cluster: InferenceCluster): Promise<{ found: Found; config?: KubeConfig }> => {
    let config: KubeConfig | undefined
    try {
      config = await connect(cluster)
      return { config, found: await lookAt(cluster, createRest(config), signal) }
    } catch (problem) {
      if (problem instanceof ClusterProblem) return { found: problem, ...(config && { config }) }
      throw problem
    }
  }

  startReconciler({
    name: 'inferencecluster',
    store: stores.InferenceCluster,
    kind: 'InferenceCluster',
    sources: [source],
    async reconcile(cluster) {
      const retirement = retirementOf(cluster, members.copiesIn(cluster.metadata.name))
      if (retirement !== undefined) {
        await setFinalizer(cluster, retirement)
        return undefined
      }
      const { found, config } = await look(cluster)
      const server = config?.getCurrentCluster()?.server.slice(0, 512)
      const namesake = found instanceof ClusterProblem ? undefined : namesakeOf(cluster, found.clusterID)
      const status = clusterStatus(cluster, found, { server, namesake, hubID, now: Date.now() })
      const ready = conditionOf(status, 'Ready')
      noteReach(cluster, ready, found, config)
      const isStored =
        isSameStatus(status, cluster.status) ||
        (await applyStatus(KINDS.InferenceCluster, cluster.metadata, status, { rest, signal }))
      if (!isStored) return { againMs: STALE_MS }
      await tell(cluster, ready)
      const isLeaving = cluster.metadata.deletionTimestamp !== undefined
      return { againMs: isLeaving ? STALE_MS : AGAIN_MS + Math.random() * SPREAD_MS }
    },
    concurrency: CONCURRENCY,
    observer,
    logger,
    signal,
  })
  const stop = stores.InferenceCluster.onChange(({ type, object }) => {
    if (type !== 'deleted') return
    members.leave(object.metadata.name)
    forget(object.metadata.name)
  })
  signal.addEventListener('abort', stop, { once: true })
  return name => wake(undefined, name)

  async function setFinalizer({ metadata }: InferenceCluster, present: boolean): Promise<void> {
    const path = objectPath(KINDS.InferenceCluster, undefined, metadata.name)
    const write = { finalizer: COPIES_FINALIZER, present, rest, fieldManager: HUB_MANAGER, signal }
    await writeFinalizer(path, metadata, write).catch(unlessChanged)
  }

  /** Tells the members whether that cluster can have copies. One that is silent stays what it was. */
  function noteReach(
    cluster: InferenceCluster,
    ready: Condition | undefined,
    found: Found,
    config: KubeConfig | undefined,
  ): void {
    if (isOther(ready?.reason ?? '')) members.leave(cluster.metadata.name)
    else if (!isLocal(cluster) && config !== undefined && isInstalled(found))
      members.reached(cluster, found.clusterID, config)
  }

  async function tell(cluster: InferenceCluster, ready: Condition | undefined): Promise<void> {
    const { name, uid } = cluster.metadata
    const event = eventOf(cluster, ready)
    const regarding = { apiVersion: API_VERSION, kind: 'InferenceCluster', name, uid }
    if (event !== undefined) await recorder.record(regarding, event)
  }

  /** An older InferenceCluster that leads to the same cluster. */
  function namesakeOf({ metadata }: InferenceCluster, clusterID: string): string | undefined {
    const age = (of: InferenceCluster['metadata']) => `${of.creationTimestamp} ${of.name}`
    return [...stores.InferenceCluster.values()]
      .filter(other => other.status?.clusterID === clusterID && age(other.metadata) < age(metadata))
      .map(other => other.metadata.name)
      .toSorted()[0]
  }
}

/** Whether ModelCaches can be listed there. */
function isInstalled(found: Found): found is Seen {
  return !(found instanceof ClusterProblem) && found.caches !== undefined
}

/** The Event about a cluster that turned Ready, or is not Ready for another reason than before. */
function eventOf({ status }: InferenceCluster, ready: Condition | undefined): EventInput | undefined {
  const before = conditionOf(status, 'Ready')
  if (ready === undefined || before?.reason === ready.reason) return undefined
  const type = ready.status === 'True' ? 'Normal' : 'Warning'
  return { type, reason: ready.reason, action: 'Look', note: ready.message }
}
