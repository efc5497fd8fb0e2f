import type { Logger } from 'pino'
import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import type { ModelDeploymentStatus } from '../../api/modeldeployment-status.ts'
import { HUB_MANAGER } from '../../api/names.ts'
import { deploymentTravels } from '../../api/placement.ts'
import { API_VERSION } from '../../api/schema/group.ts'
import { few } from '../../api/schema/text.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Stores } from '../../cluster/stores.ts'
import { applyStatus, isSameStatus } from '../../controller/apply-status.ts'
import { transition } from '../../controller/deployment/transition.ts'
import type { EventInput, Recorder } from '../../kube/events.ts'
import { type ReconcilerObserver, startReconciler } from '../../kube/reconciler.ts'
import type { Rest } from '../../kube/rest.ts'
import { indexStore } from '../../kube/store-index.ts'
import { watches } from '../../kube/watch-source.ts'
import type { CacheCopy } from '../caches/copy.ts'
import { keyOf } from '../copies/copies.ts'
import { writeCopiesFinalizer } from '../copies/copies-finalizer.ts'
import { finalizerFor } from '../copies/finalizer.ts'
import { createNews, type Tell } from '../copies/news.ts'
import { orphaned } from '../copies/orphaned.ts'
import type { Connected } from '../members.ts'
import type { DeploymentCopy } from './copy.ts'
import { mayServe, type Site, sitesOf } from './sites.ts'
import { changesOf, orphansOf, spread } from './spread.ts'
import { hubPart, summaryOf } from './summary.ts'

/** No look calls another cluster than the hub's own. */
const CONCURRENCY = 4
/** The watch will show our own write within a moment. */
const STALE_MS = 2_000

export interface SpreadingOptions {
  stores: Stores<'InferenceCluster' | 'ModelCache' | 'ModelDeployment'>
  /** The copies in the clusters that the hub is connected to. */
  copies: Connected<DeploymentCopy>
  cacheCopies: Connected<CacheCopy>
  /** The InferenceCluster of the hub's own cluster, if that is configured. */
  clusterName: string | undefined
  /** For how long a silent cluster keeps its share, in milliseconds. */
  graceMs: number
  rest: Pick<Rest, 'get' | 'apply' | 'jsonMerge'>
  recorder: Recorder
  observer: ReconcilerObserver
  logger: Logger
  signal: AbortSignal
}

/** How others say that something has changed. */
export interface SpreadingNews {
  /** About a ModelDeployment in a cluster. */
  readonly deployment: Tell
  /** About a ModelCache in a cluster. */
  readonly cache: Tell
}

/**
 * Splits the replicas of every ModelDeployment over the clusters that it selects, and says in its status how
 * they fare, until the signal aborts. The members carry out what status says.
 */
export function startSpreading(options: SpreadingOptions): SpreadingNews {
  const { stores, copies, rest, recorder, observer, logger, signal } = options
  const { source, tell } = createNews()
  const inNamespace = indexStore(stores.ModelDeployment, ({ metadata }) => metadata.namespace, signal)
  const serving = (namespace: string | undefined, cache: string) =>
    [...inNamespace(namespace ?? '')].filter(
      deployment =>
        deploymentTravels(deployment) && deployment.spec.caches?.some(({ name }) => name === cache),
    )

  const reconcile = async (deployment: KnownDeployment) => {
    const now = Date.now()
    const around = {
      ...{ clusters: [...stores.InferenceCluster.values()], caches: stores.ModelCache, now },
      ...{ clusterName: options.clusterName, graceMs: options.graceMs },
      ...{ cacheCopies: options.cacheCopies, copies },
    }
    const sites = sitesOf(deployment, around)
    const elsewhere = (sites ?? []).filter(site => !site.isOwn && mayServe(site))
    const finalizer = finalizerFor(deployment, elsewhere)
    if (finalizer !== undefined) {
      await writeCopiesFinalizer(KINDS.ModelDeployment, deployment, finalizer, { rest, signal })
      return undefined
    }
    for (const [, there] of copies.entries()) there.look(keyOf(deployment))
    if (deployment.metadata.deletionTimestamp !== undefined) return undefined
    return write(deployment, sites, now)
  }

  const write = async (deployment: KnownDeployment, sites: readonly Site[] | undefined, now: number) => {
    const again = { againMs: untilNextLoss(sites ?? [], now) }
    const stored = hubPart(deployment)
    if (sites === undefined && stored === undefined) return again
    const shares = spread(deployment, sites ?? [])
    const status = sites === undefined ? {} : summaryOf({ deployment, sites, shares, now })
    if (stored !== undefined && isSameStatus(status, stored)) return again
    const options = { rest, signal, fieldManager: HUB_MANAGER }
    if (!(await applyStatus(KINDS.ModelDeployment, deployment.metadata, status, options)))
      return { againMs: STALE_MS }
    await record(deployment, status, changesOf(sites ?? [], shares))
    return again
  }

  const record = async (
    { metadata, status: before }: KnownDeployment,
    status: ModelDeploymentStatus,
    changes: readonly string[],
  ) => {
    const { namespace = '', name, uid } = metadata
    const regarding = { apiVersion: API_VERSION, kind: 'ModelDeployment', namespace, name, uid }
    const isRegistered = (cluster: string) => stores.InferenceCluster.get(undefined, cluster) !== undefined
    const orphans = orphansOf(before, status, isRegistered).map(orphaned)
    for (const event of [sharesChanged(changes), transition(before, status), ...orphans])
      if (event !== undefined) await recorder.record(regarding, event)
  }

  startReconciler({
    name: 'spreading',
    store: stores.ModelDeployment,
    kind: 'ModelDeployment',
    sources: [
      watches(stores.InferenceCluster, () => [...stores.ModelDeployment.values()].filter(deploymentTravels)),
      watches(stores.ModelCache, ({ metadata }) => serving(metadata.namespace, metadata.name)),
      source,
    ],
    reconcile,
    concurrency: CONCURRENCY,
    observer,
    logger,
    signal,
  })
  return {
    deployment: tell,
    cache(key) {
      const [namespace, name = ''] = key.split('/')
      for (const deployment of serving(namespace, name)) tell(keyOf(deployment))
    },
  }
}

/** Milliseconds until a silent cluster loses its share; undefined if none does. */
function untilNextLoss(sites: readonly Site[], now: number): number | undefined {
  const times = sites.flatMap(({ lostAt, share }) => (lostAt !== undefined && share > 0 ? lostAt : []))
  return times.length === 0 ? undefined : Math.max(1, Math.min(...times) - now)
}

function sharesChanged(changes: readonly string[]): EventInput | undefined {
  if (changes.length === 0) return undefined
  return { type: 'Normal', reason: 'SharesChanged', action: 'Spread', note: few(changes) }
}
