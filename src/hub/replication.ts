import type { Logger } from 'pino'
import type { Condition } from '../api/condition.ts'
import type { ModelCache } from '../api/modelcache.ts'
import type { ModelCacheStatus } from '../api/modelcache-status.ts'
import { COPIES_FINALIZER, HUB_MANAGER } from '../api/names.ts'
import { API_VERSION } from '../api/schema/group.ts'
import { KINDS } from '../cluster/kinds.ts'
import type { Stores } from '../cluster/stores.ts'
import { applyStatus } from '../controller/apply-status.ts'
import { writeFinalizer } from '../controller/finalizer.ts'
import type { EventInput, Recorder } from '../kube/events.ts'
import { type ReconcilerObserver, startReconciler } from '../kube/reconciler.ts'
import { objectPath } from '../kube/resource.ts'
import type { Rest } from '../kube/rest.ts'
import { onDemand, watches } from '../kube/watch-source.ts'
import { keyOf } from './member.ts'
import type { Members } from './members.ts'
import { orphansOf, placementOf, replicasOf } from './replicas.ts'
import { finalizerFor } from './replicate.ts'
import { nextStatus } from './summary.ts'
import { unlessChanged } from './unless-missing.ts'

/** No look calls another cluster than the hub's own. */
const CONCURRENCY = 8
/** News of many clusters come together, and are worth one write of status. */
const NEWS_MS = 300
/** The watch will show our own write within a moment. */
const STALE_MS = 2_000

export interface ReplicationOptions {
  stores: Stores<'InferenceCluster' | 'ModelCache'>
  members: Members
  /** The InferenceCluster of the hub's own cluster, if that is configured. */
  clusterName: string | undefined
  rest: Pick<Rest, 'get' | 'apply' | 'jsonMerge'>
  recorder: Recorder
  observer: ReconcilerObserver
  logger: Logger
  signal: AbortSignal
}

/** Wakes the look at a ModelCache, by its namespace and name. */
export type Tell = (key: string) => void

/**
 * Has the members bring every ModelCache to the clusters that its selector selects, and says in its status
 * how they fare, until the signal aborts. Returns how members tell that something has changed.
 */
export function startReplication(options: ReplicationOptions): Tell {
  const { stores, members, clusterName, rest, recorder, observer, logger, signal } = options
  const { source, wake } = onDemand()

  const reconcile = async (cache: ModelCache) => {
    const clusters = [...stores.InferenceCluster.values()]
    const placement = placementOf(cache, clusters, clusterName)
    const replicas = replicasOf(cache, placement, clusters, members)
    const finalizer = finalizerFor(cache, replicas)
    if (finalizer !== undefined) {
      await setFinalizer(cache, finalizer)
      return undefined
    }
    for (const [, member] of members.entries()) member.look(keyOf(cache))
    const seen = { cache, replicas, own: placement.own, now: Date.now() }
    const status = nextStatus(seen, { hasClusters: clusters.length > 0 })
    if (status === undefined) return undefined
    const write = { rest, signal, fieldManager: HUB_MANAGER }
    if (!(await applyStatus(KINDS.ModelCache, cache.metadata, status, write))) return { againMs: STALE_MS }
    await tell(cache, [...eventsOf(cache, status), ...orphansOf(cache, placement, clusters).map(orphaned)])
    return undefined
  }

  const setFinalizer = async ({ metadata }: ModelCache, present: boolean) => {
    const path = objectPath(KINDS.ModelCache, metadata.namespace, metadata.name)
    const write = { finalizer: COPIES_FINALIZER, present, rest, fieldManager: HUB_MANAGER, signal }
    await writeFinalizer(path, metadata, write).catch(unlessChanged)
  }

  const tell = async ({ metadata }: ModelCache, events: readonly EventInput[]) => {
    const { namespace = '', name, uid } = metadata
    const regarding = { apiVersion: API_VERSION, kind: 'ModelCache', namespace, name, uid }
    for (const event of events) await recorder.record(regarding, event)
  }

  const selecting = () =>
    [...stores.ModelCache.values()].filter(
      ({ spec, status }) => spec.clusterSelector !== undefined || status?.replicas !== undefined,
    )
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
  const told = new Set<string>()
  return key => {
    if (told.has(key)) return
    told.add(key)
    setTimeout(() => {
      told.delete(key)
      const [namespace, name = ''] = key.split('/')
      wake(namespace, name)
    }, NEWS_MS).unref()
  }
}

function orphaned(cluster: string): EventInput {
  const note = `InferenceCluster ${cluster} was deleted; the copy in that cluster stays there, and the hub does not look after it any more`
  return { type: 'Warning', reason: 'CopyOrphaned', action: 'Replicate', note }
}

function eventsOf({ status: before }: ModelCache, after: ModelCacheStatus): EventInput[] {
  const replicated = (status: ModelCacheStatus | undefined): Condition | undefined =>
    status?.conditions?.find(({ type }) => type === 'Replicated')
  const now = replicated(after)
  if (now === undefined || now.reason === replicated(before)?.reason) return []
  if (now.reason === 'CopiesNotReady') return []
  const type = now.status === 'True' ? 'Normal' : 'Warning'
  return [{ type, reason: now.reason, action: 'Replicate', note: now.message }]
}
