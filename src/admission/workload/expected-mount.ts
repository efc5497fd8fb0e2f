import type { Pod } from '../../api/kubernetes/pod.ts'
import { isManagedName } from '../../api/managed-name.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { isStaging, stagingPlace } from '../../api/staging.ts'
import { type CacheMount, claimMount, placesOf, readyMount } from '../../injection/cache-mount.ts'

/**
 * The mount of a cache that a pod of the template will get, as far as it is decided: exact if the cache is
 * Ready, otherwise its immutable path and, with backend ExistingPVC, its claim.
 *
 * Undefined if that is not enough to decide: the cache is being deleted and may return with another path, or
 * the template brings a managed claim itself and nobody can tell yet whether it is the right snapshot.
 */
export function expectedMount(cache: ModelCache, pod: Pod): CacheMount | undefined {
  const { metadata, spec } = cache
  if (metadata.deletionTimestamp !== undefined) return undefined
  const ready = readyMount(cache)
  if (ready) return ready
  if (!isStaging(spec)) return claimMount(cache, { waits: true })
  const { claimName } = stagingPlace(cache)
  const mayBeItsOwn = (name: string | undefined) => isManagedName(name) || name === claimName
  const bringsIt = pod.spec.volumes?.some(
    ({ persistentVolumeClaim: claim }) => claim && mayBeItsOwn(claim.claimName),
  )
  if (bringsIt) return undefined
  // Any folder of the claim will do, because only the path is checked. The template has no volume of that
  // claim.
  const places = placesOf(spec.mount)
  return { kind: 'claim', cache: metadata.name, claimName, ...places, subPath: undefined, waits: true }
}
