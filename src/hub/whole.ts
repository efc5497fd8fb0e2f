import { z } from 'zod'
import type { ModelCache } from '../api/modelcache.ts'
import { KINDS } from '../cluster/kinds.ts'
import { objectPath } from '../kube/resource.ts'
import type { CallOptions, Rest } from '../kube/rest.ts'
import { fingerprintOf, type WholeCache } from './copy.ts'
import { unlessMissing } from './unless-missing.ts'

/** As many are kept, which many clusters need at the same time. Each has up to 1.5 MB. */
const MAX_KEPT = 16

const wholeCache = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.record(z.string(), z.unknown()),
})

/** Reads all that the author of a ModelCache has written; undefined if it is gone. */
export type WholeOf = (cache: ModelCache) => Promise<WholeCache | undefined>

/**
 * Reads whole ModelCaches of the hub, because memory has digests in place of large values. Clusters that need
 * the same one at the same time share one call.
 *
 * @throws ApiError from that function.
 */
export function createWholeOf(rest: Pick<Rest, 'get'>, call: CallOptions): WholeOf {
  const kept = new Map<string, ReturnType<WholeOf>>()
  return cache => {
    const { namespace, name, uid } = cache.metadata
    const key = `${uid} ${fingerprintOf(cache, {})}`
    const known = kept.get(key)
    if (known !== undefined) return known
    const path = objectPath(KINDS.ModelCache, namespace, name)
    const asked = rest
      .get(path, call)
      .catch(unlessMissing)
      .then(raw => (raw === undefined ? undefined : wholeCache.parse(raw)))
    kept.set(key, asked)
    asked.catch(() => kept.delete(key))
    const [oldest] = kept.keys()
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest)
    return asked
  }
}
