import type { Pod } from '../api/kubernetes/pod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { cleanPath } from '../api/mount-path.ts'
import { isStaging } from '../api/staging.ts'
import { hasSnapshot } from '../api/volume-layout.ts'
import { type CacheMount, snapshotMount, subPathOf, waitingMount } from './cache-mount.ts'
import { PENDING } from './record.ts'

/**
 * The mount of a cache that a pod brings along: from an earlier call for the same pod, or from an earlier
 * life, as with a backup or a copy of a pod. A snapshot counts if status knows it and the pod's record names
 * it. A pod with neither gets what the cache has now.
 */
export function broughtMount(
  pod: Pod,
  cache: ModelCache,
  recorded: string | undefined,
): CacheMount | undefined {
  const waiting = waitingMount(cache)
  if (recorded === PENDING) return waiting
  // A claim that people filled has a single folder, at all times.
  if (!isStaging(cache.spec)) return undefined
  if (waiting !== undefined && mountsAt(pod, waiting)) return waiting
  if (recorded === undefined || !hasSnapshot(cache, recorded)) return undefined
  const mount = snapshotMount(cache, recorded)
  return mountsAt(pod, mount) ? mount : undefined
}

/** Whether a container has that folder at the path of the mount, from any volume. */
function mountsAt({ spec }: Pod, mount: CacheMount): boolean {
  const { subPath, subPathExpr = '' } = subPathOf(mount)
  const folder = cleanPath(subPath ?? '')
  return [...spec.containers, ...(spec.initContainers ?? [])].some(({ volumeMounts }) =>
    volumeMounts?.some(
      existing =>
        cleanPath(existing.mountPath) === mount.mountPath &&
        cleanPath(existing.subPath ?? '') === folder &&
        (existing.subPathExpr ?? '') === subPathExpr,
    ),
  )
}
