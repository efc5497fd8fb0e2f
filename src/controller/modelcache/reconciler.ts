import type { ConsumerPod } from '../../api/kubernetes/consumer-pod.ts'
import type { HydrationPod } from '../../api/kubernetes/hydration-pod.ts'
import { controllerOf, type ObjectMeta, type ownerReferences } from '../../api/kubernetes/metadata.ts'
import { isManagedName } from '../../api/managed-name.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { Stores } from '../../cluster/stores.ts'
import { objectKey } from '../../kube/object-key.ts'
import { type ReconcilerObserver, startReconciler } from '../../kube/reconciler.ts'
import type { Rest } from '../../kube/rest.ts'
import type { Change } from '../../kube/store.ts'
import { indexStore } from '../../kube/store-index.ts'
import { owns, watches } from '../../kube/watch-source.ts'
import type { CONTROLLER_KINDS } from '../kinds.ts'
import { referencesOf } from '../references/references.ts'
import { createTopOwner } from '../references/top-owner.ts'
import { cachesOf, indexUsers } from '../references/users-index.ts'
import { type ActOptions, afterWrites, recordEvents, write, writeStatus } from './act.ts'
import type { CacheMetrics } from './cache-metrics.ts'
import { createReadDetails } from './live-details.ts'
import { claimOf, type ObserveOptions, observe } from './observe.ts'
import { plan } from './plan.ts'
import { isStaged } from './staged.ts'
import { nameHere } from './status/status.ts'
import { createTurns, hasEnded, type Limits } from './turns.ts'

/** How many caches are worked on side by side. Each waits for the API server most of the time. */
const CONCURRENCY = 16

/** The watch will show our own write within a moment. */
const STALE_MS = 5_000

/**
 * Keeps the cluster in line with every ModelCache until the signal aborts; can be started again after that.
 * Each change of a cache, its claim, its Job or their pods leads to one look at the cache: observe, plan,
 * act.
 */
export function startModelCacheReconciler(
  options: ActOptions & {
    rest: Pick<Rest, 'get' | 'log'>
    stores: Stores<(typeof CONTROLLER_KINDS)[number]>
    settings: ObserveOptions['settings']
    limits?: Limits
    observer: ReconcilerObserver
    metrics: CacheMetrics
  },
): void {
  const { stores, settings, rest, observer, metrics, logger, signal, limits = {} } = options
  const byClaim = indexStore(
    stores.ModelCache,
    cache => objectKey(cache.metadata.namespace, claimOf(cache)),
    signal,
  )
  const byJob = indexStore(
    stores.HydrationPod,
    // Anybody can forge an owner reference and a report, but only the Job controller can create pods with
    // this reserved name.
    ({ metadata }) => (isManagedName(metadata.name) ? controllerOf(metadata)?.uid : undefined),
    signal,
  )
  const observeOptions: ObserveOptions = { stores, podsOf: byJob, settings }
  const readDetails = createReadDetails({ rest, logger, signal })

  const onClaim = ({
    namespace,
    name = '',
  }: {
    namespace?: string | undefined
    name?: string | undefined
  } = {}) => byClaim(objectKey(namespace, name))
  const unstaged = () => [...stores.ModelCache.values()].filter(cache => !isStaged(cache))
  // Its labels decide which caches are staged here.
  const unstagedOrPlaced = () =>
    [...stores.ModelCache.values()].filter(
      cache => !isStaged(cache) || cache.spec.clusterSelector !== undefined,
    )
  const ofJobOf = ({ metadata }: HydrationPod) => {
    const job = stores.HydrationJob.get(metadata.namespace, ownerOf(metadata, 'Job'))
    const cache = job && stores.ModelCache.get(metadata.namespace, ownerOf(job.metadata, 'ModelCache'))
    return cache === undefined ? [] : [cache]
  }

  const turns = createTurns({ jobs: stores.HydrationJob, caches: stores.ModelCache, signal }, limits)
  const usersOf = indexUsers(stores.Pod, signal)
  const topOwner = createTopOwner({ rest, signal })
  const references = ({ metadata: { namespace = '', name } }: ModelCache) =>
    referencesOf(usersOf(namespace, name), namespace, topOwner).catch((error: unknown) => {
      if (!signal.aborted) logger.warn({ err: error, namespace, name }, 'could not read who uses a cache')
      return null
    })
  /** The caches of a pod that has come, has ended, or is gone. */
  const cachesOfUser = (pod: ConsumerPod, change: Change<ConsumerPod>) => {
    if (change.type === 'updated' && change.previous.finished === pod.finished) return []
    return cachesOf(pod).flatMap(name => stores.ModelCache.get(pod.metadata.namespace, name) ?? [])
  }

  const reconcile = async (cache: ModelCache) => {
    const now = Date.now()
    let isWaiting = false
    const turn = () => {
      const found = turns.turnOf(cache, now)
      isWaiting = found !== 'ours'
      return found
    }
    const seen = { ...observe(cache, observeOptions, now), turn }
    const details = { ...(await readDetails(seen)), references: await references(cache) }
    let planned = plan({ ...seen, ...details })
    const result = await write(cache, planned.writes, options)
    // A cache that is paused or staged, for example, asks no longer.
    if (!isWaiting) turns.forget(cache)
    const { rejection, isStale, resourceVersion = cache.metadata.resourceVersion } = result
    if (rejection !== undefined) planned = plan({ ...seen, ...details, rejection })
    const status = planned.status && afterWrites(planned.status, result)
    if (status !== undefined && !(await writeStatus(cache, resourceVersion, status, nameHere(seen), options)))
      return { againMs: STALE_MS }
    if (status !== undefined) metrics.observeStatus(cache, status)
    await recordEvents(cache, planned.events, options)
    return { againMs: isStale ? STALE_MS : planned.againMs }
  }

  const stop = stores.ModelCache.onChange(({ type, object }) => {
    if (type === 'deleted') turns.forget(object)
  })
  signal.addEventListener('abort', stop, { once: true })

  startReconciler({
    name: 'modelcache',
    store: stores.ModelCache,
    kind: 'ModelCache',
    sources: [
      owns(stores.HydrationJob),
      watches(stores.HydrationJob, (job, { type }) =>
        type === 'deleted' || hasEnded(job) ? turns.next(Date.now()) : [],
      ),
      watches(stores.HydrationPod, ofJobOf),
      watches(stores.Pod, cachesOfUser),
      watches(stores.PersistentVolumeClaim, ({ metadata }) => onClaim(metadata)),
      watches(stores.PersistentVolume, ({ spec }) => onClaim(spec.claimRef)),
      // All classes together decide which one a claim gets.
      watches(stores.StorageClass, unstaged),
      watches(stores.InferenceCluster, unstagedOrPlaced),
    ],
    reconcile,
    concurrency: CONCURRENCY,
    observer,
    logger,
    signal,
  })
}

type Owned = ObjectMeta & { ownerReferences?: ReturnType<(typeof ownerReferences)['parse']> | undefined }

function ownerOf(metadata: Owned, kind: string): string {
  const owner = controllerOf(metadata)
  return (owner?.kind === kind && owner.name) || ''
}
