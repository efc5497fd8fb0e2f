import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { FIELD_MANAGER } from '../../api/field-managers.ts'
import { API_VERSION } from '../../api/group.ts'
import { managedClaimOf } from '../../api/managed-claim.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Stores } from '../../cluster/stores.ts'
import { objectKey } from '../../kube/object-key.ts'
import { objectPath } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { indexStore } from '../../kube/store-index.ts'
import { startWorkQueue } from '../../kube/work-queue.ts'
import { desiredStatus } from './status.ts'

/**
 * Keeps the status of every ModelCache true to the cluster until the signal aborts; can be started again after that.
 * Level-triggered: each change of a cache or of a claim leads to one look at the cache as it is now, and a write only where
 * the status differs.
 */
export function startController(options: {
  stores: Stores<'ModelCache' | 'PersistentVolumeClaim'>
  rest: Pick<Rest, 'apply'>
  logger: Logger
  signal: AbortSignal
}): void {
  const { stores, rest, logger, signal } = options
  const queue = startWorkQueue({ reconcile, logger, signal })

  const byClaim = indexStore(
    stores.ModelCache,
    cache => objectKey(cache.metadata.namespace, claimOf(cache)),
    signal,
  )

  const listening = [
    stores.ModelCache.onChange(({ object }) => queue.add(key(object))),
    stores.PersistentVolumeClaim.onChange(({ object: { metadata } }) => {
      for (const cache of byClaim(objectKey(metadata.namespace, metadata.name))) queue.add(key(cache))
    }),
  ]
  for (const stop of listening) signal.addEventListener('abort', stop, { once: true })
  for (const cache of stores.ModelCache.values()) queue.add(key(cache))

  async function reconcile(cacheKey: string): Promise<void> {
    const [namespace = '', name = ''] = cacheKey.split('/')
    const cache = stores.ModelCache.get(namespace, name)
    if (cache === undefined) return
    const claim = stores.PersistentVolumeClaim.get(namespace, claimOf(cache))
    const status = desiredStatus({ cache, claim, now: Date.now() })
    // Absent and undefined members are the same on the wire.
    if (status === undefined || isDeepStrictEqual(JSON.parse(JSON.stringify(status)), cache.status)) return
    // The version makes a decision from a stale look fail instead of overwriting what came after it.
    const { resourceVersion } = cache.metadata
    await rest.apply(
      `${objectPath(KINDS.ModelCache, namespace, name)}/status`,
      { apiVersion: API_VERSION, kind: 'ModelCache', metadata: { name, namespace, resourceVersion }, status },
      { fieldManager: FIELD_MANAGER, force: true, signal },
    )
    logger.info({ namespace, name, phase: status.phase, was: cache.status?.phase }, 'status applied')
  }
}

function key({ metadata }: ModelCache): string {
  return objectKey(metadata.namespace, metadata.name)
}

/** The claim that pods of the cache mount. */
function claimOf(cache: ModelCache): string {
  return cache.spec.storage.existingPVC?.name ?? managedClaimOf(cache)
}
