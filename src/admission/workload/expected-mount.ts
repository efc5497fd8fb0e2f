import { CACHE_LABEL_PREFIX } from '../../api/cache-label.ts'
import type { Pod } from '../../api/kubernetes/pod.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { type CacheMount, cacheMount } from '../../injection/cache-mount.ts'

/** Stands for what status will say; a colon is in no name of a claim, so it meets none. */
const UNKNOWN = 'unknown:'

/**
 * The mount that a pod of the template will get of a cache, as far as it is decided already: exactly where the cache is
 * Ready; else with its immutable path and, for backend ExistingPVC, its claim.
 *
 * Undefined where that does not suffice to judge: the cache is on its way out and may return with another path, or the
 * template itself brings a managed claim, of which nobody can say yet whether it is the right snapshot.
 */
export function expectedMount(cache: ModelCache, pod: Pod): CacheMount | undefined {
  const { metadata, spec } = cache
  if (metadata.deletionTimestamp !== undefined) return undefined
  const known = cacheMount(cache)
  if (known) return known
  const common = { cache: metadata.name, mountPath: spec.mount.path, identity: UNKNOWN }
  const existing = spec.storage.existingPVC
  if (spec.storage.backend === 'ExistingPVC') {
    return existing && { ...common, claimName: existing.name, subPath: existing.subPath }
  }
  const mayBeItsOwn = (claimName: string | undefined) =>
    claimName?.startsWith(CACHE_LABEL_PREFIX) || claimName === cache.status?.claimName
  const bringsIt = pod.spec.volumes?.some(
    ({ persistentVolumeClaim: claim }) => claim && mayBeItsOwn(claim.claimName),
  )
  return bringsIt ? undefined : { ...common, claimName: `${UNKNOWN}${metadata.name}`, subPath: undefined }
}
