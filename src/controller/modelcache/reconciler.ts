import { isManagedName } from '../../api/cache-label.ts'
import { controllerOf, type ObjectMeta, type ownerReferences } from '../../api/kubernetes/metadata.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { Stores } from '../../cluster/stores.ts'
import { objectKey } from '../../kube/object-key.ts'
import { type ReconcilerObserver, startReconciler, type Wake } from '../../kube/reconciler.ts'
import type { Rest } from '../../kube/rest.ts'
import type { ReadableStore } from '../../kube/store.ts'
import { indexStore } from '../../kube/store-index.ts'
import type { CONTROLLER_KINDS } from '../kinds.ts'
import { type Acting, tell, write, writeStatus } from './act.ts'
import { createReadDetails } from './live-details.ts'
import { claimOf, type Looking, observe } from './observe.ts'
import { plan } from './plan.ts'
import { isStaged } from './steps/latched.ts'

/** Caches that are worked on side by side: each costs the API server a call or two. */
const CONCURRENCY = 4

/** What was written and is not seen yet comes by a watch, within a moment. */
const STALE_MS = 5_000

/**
 * Keeps every ModelCache true to the cluster until the signal aborts; can be started again after that. Each change of
 * a cache, of its claim, of its Job and of their pods leads to one look at the cache as it is then: observe, plan,
 * act.
 */
export function startModelCacheReconciler(
  options: Acting & {
    rest: Pick<Rest, 'get' | 'log'>
    stores: Stores<(typeof CONTROLLER_KINDS)[number]>
    settings: Looking['settings']
    observer: ReconcilerObserver
  },
): void {
  const { stores, settings, rest, observer, logger, signal } = options
  const byClaim = indexStore(
    stores.ModelCache,
    cache => objectKey(cache.metadata.namespace, claimOf(cache)),
    signal,
  )
  const byJob = indexStore(
    stores.HydrationPod,
    // Anybody may forge an owner reference and a report. The name is reserved for the pods that the Job controller
    // makes.
    ({ metadata }) => (isManagedName(metadata.name) ? controllerOf(metadata)?.uid : undefined),
    signal,
  )
  const looking: Looking = { stores, podsOf: byJob, settings }
  const readDetails = createReadDetails({ rest, logger, signal })

  const wakeOfClaim = (
    wake: Wake,
    claim: { namespace?: string | undefined; name?: string | undefined } = {},
  ) => {
    for (const { metadata } of byClaim(objectKey(claim.namespace, claim.name ?? '')))
      wake(metadata.namespace, metadata.name)
  }

  const reconcile = async (cache: ModelCache) => {
    const seen = observe(cache, looking, Date.now())
    const details = await readDetails(seen)
    let planned = plan({ ...seen, ...details })
    const { rejection, isStale } = await write(cache, planned.writes, options)
    if (rejection !== undefined) planned = plan({ ...seen, ...details, rejection })
    if (planned.status !== undefined && !(await writeStatus(cache, planned.status, options)))
      return { againMs: STALE_MS }
    await tell(cache, planned.events, options)
    return { againMs: isStale ? STALE_MS : planned.againMs }
  }

  startReconciler({
    name: 'modelcache',
    store: stores.ModelCache,
    alsoOn: wake => [
      stores.PersistentVolumeClaim.onChange(({ object }) => wakeOfClaim(wake, object.metadata)),
      stores.PersistentVolume.onChange(({ object }) => wakeOfClaim(wake, object.spec.claimRef)),
      // Which class a claim gets is decided by all of them.
      stores.StorageClass.onChange(() => wakeUnstaged(wake, stores.ModelCache)),
      stores.InferenceCluster.onChange(() => wakeUnstaged(wake, stores.ModelCache)),
      stores.HydrationJob.onChange(({ object }) => wakeOwner(wake, object.metadata)),
      stores.HydrationPod.onChange(({ object }) => {
        const job = stores.HydrationJob.get(object.metadata.namespace, ownerOf(object.metadata, 'Job'))
        if (job !== undefined) wakeOwner(wake, job.metadata)
      }),
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

function wakeUnstaged(wake: Wake, caches: ReadableStore<ModelCache>): void {
  for (const cache of caches.values())
    if (!isStaged(cache)) wake(cache.metadata.namespace, cache.metadata.name)
}

function wakeOwner(wake: Wake, metadata: Owned): void {
  const name = ownerOf(metadata, 'ModelCache')
  if (name !== '') wake(metadata.namespace, name)
}
