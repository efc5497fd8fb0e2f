import type { Stores } from '../../cluster/stores.ts'
import { objectKey } from '../../kube/object-key.ts'
import { type ReconcilerObserver, startReconciler } from '../../kube/reconciler.ts'
import { indexStore } from '../../kube/store-index.ts'
import { type Acting, act } from './act.ts'
import { claimOf, observe } from './observe.ts'
import { plan } from './plan.ts'

/** Caches that are worked on side by side: each costs the API server a call or two. */
const CONCURRENCY = 4

/**
 * Keeps every ModelCache true to the cluster until the signal aborts; can be started again after that. Each change of a cache or of its
 * claim leads to one look at the cache as it is then: observe, plan, act.
 */
export function startModelCacheReconciler(
  options: Acting & {
    stores: Stores<'ModelCache' | 'PersistentVolumeClaim'>
    observer: ReconcilerObserver
  },
): void {
  const { stores, observer, logger, signal } = options
  const byClaim = indexStore(
    stores.ModelCache,
    cache => objectKey(cache.metadata.namespace, claimOf(cache)),
    signal,
  )
  startReconciler({
    name: 'modelcache',
    store: stores.ModelCache,
    alsoOn: wake => [
      stores.PersistentVolumeClaim.onChange(({ object: { metadata } }) => {
        for (const cache of byClaim(objectKey(metadata.namespace, metadata.name)))
          wake(cache.metadata.namespace, cache.metadata.name)
      }),
    ],
    async reconcile(cache) {
      const planned = plan(observe(cache, stores, Date.now()))
      if (planned === undefined) return undefined
      await act(cache, planned, options)
      return { againMs: planned.againMs }
    },
    concurrency: CONCURRENCY,
    observer,
    logger,
    signal,
  })
}
