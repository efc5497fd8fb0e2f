import type { Pod } from '../../api/kubernetes/pod.ts'
import { isManagedName } from '../../api/managed-name.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { isStaging, stagingPlace } from '../../api/staging.ts'
import { type CacheMount, claimMount, placesOf, readyMount } from '../../injection/cache-mount.ts'

/** Snapshots lie below it. */
const UNKNOWN_FOLDER = 'snapshots'

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
  // Nobody knows the folder yet, and no mount has this one, so the path is checked alone. The template has no
  // volume of the claim, but it may mount the volume that another cache on the claim will bring.
  const places = placesOf(spec.mount)
  return { kind: 'claim', cache: metadata.name, claimName, ...places, subPath: UNKNOWN_FOLDER, waits: true }
}
