import type { Logger } from 'pino'
import type { ModelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { HUB_MANAGER } from '../../api/names.ts'
import { conditionOf } from '../../api/readiness.ts'
import { API_VERSION } from '../../api/schema/group.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Stores } from '../../cluster/stores.ts'
import { applyStatus } from '../../controller/apply-status.ts'
import type { EventInput, Recorder } from '../../kube/events.ts'
import { type ReconcilerObserver, startReconciler } from '../../kube/reconciler.ts'
import type { Rest } from '../../kube/rest.ts'
import { watches } from '../../kube/watch-source.ts'
import { keyOf } from '../copies/copies.ts'
import { writeCopiesFinalizer } from '../copies/copies-finalizer.ts'
import { finalizerFor } from '../copies/finalizer.ts'
import { createNews, type Tell } from '../copies/news.ts'
import { orphaned } from '../copies/orphaned.ts'
import type { Connected } from '../members.ts'
import type { CacheCopy } from './copy.ts'
import { orphansOf, placementOf, replicasOf } from './replicas.ts'
import { nextStatus } from './summary.ts'
import { cacheTravels } from './travel.ts'

/** No look calls another cluster than the hub's own. */
const CONCURRENCY = 8
/** The watch will show our own write within a moment. */
const STALE_MS = 2_000

export interface ReplicationOptions {
  stores: Stores<'InferenceCluster' | 'ModelCache'>
  /** The copies in the clusters that the hub is connected to. */
  copies: Connected<CacheCopy>
  /** The InferenceCluster of the hub's own cluster, if that is configured. */
  clusterName: string | undefined
  rest: Pick<Rest, 'get' | 'apply' | 'jsonMerge'>
  recorder: Recorder
  observer: ReconcilerObserver
  logger: Logger
  signal: AbortSignal
}

/**
 * Has the members bring every ModelCache to the clusters that its selector selects, and says in its status
 * how they fare, until the signal aborts. Returns how members tell that something has changed.
 */
export function startReplication(options: ReplicationOptions): Tell {
  const { stores, copies, clusterName, rest, recorder, observer, logger, signal } = options
  const { source, tell: tellNews } = createNews()

  const reconcile = async (cache: ModelCache) => {
    const clusters = [...stores.InferenceCluster.values()]
    const placement = placementOf(cache, clusters, clusterName)
    const replicas = replicasOf(cache, placement, clusters, copies)
    const finalizer = finalizerFor(cache, replicas)
    if (finalizer !== undefined) {
      await writeCopiesFinalizer(KINDS.ModelCache, cache, finalizer, { rest, signal })
      return undefined
    }
    for (const [, there] of copies.entries()) there.look(keyOf(cache))
    const seen = { cache, replicas, own: placement.own, now: Date.now() }
    const status = nextStatus(seen, { hasClusters: clusters.length > 0 })
    if (status === undefined) return undefined
    const write = { rest, signal, fieldManager: HUB_MANAGER }
    if (!(await applyStatus(KINDS.ModelCache, cache.metadata, status, write))) return { againMs: STALE_MS }
    await tell(cache, [...eventsOf(cache, status), ...orphansOf(cache, placement, clusters).map(orphaned)])
    return undefined
  }

  const tell = async ({ metadata }: ModelCache, events: readonly EventInput[]) => {
    const { namespace = '', name, uid } = metadata
    const regarding = { apiVersion: API_VERSION, kind: 'ModelCache', namespace, name, uid }
    for (const event of events) await recorder.record(regarding, event)
  }

  const selecting = () => [...stores.ModelCache.values()].filter(cacheTravels)
  startReconciler({
    name: 'replication',
    store: stores.ModelCache,
    kind: 'ModelCache',
    sources: [watches(stores.InferenceCluster, selecting), source],
    reconcile,
    concurrency: CONCURRENCY,
    observer,
    logger,
    signal,
  })
  return tellNews
}

function eventsOf({ status: before }: ModelCache, after: ModelCacheStatus): EventInput[] {
  const now = conditionOf(after, 'Replicated')
  if (now === undefined || now.reason === conditionOf(before, 'Replicated')?.reason) return []
  if (now.reason === 'CopiesNotReady') return []
  const type = now.status === 'True' ? 'Normal' : 'Warning'
  return [{ type, reason: now.reason, action: 'Replicate', note: now.message }]
}
