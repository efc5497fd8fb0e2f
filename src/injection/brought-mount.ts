import type { Pod } from '../api/kubernetes/pod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { cleanPath } from '../api/mount-path.ts'
import { hasSnapshot } from '../api/volume-layout.ts'
import { type CacheMount, snapshotMount, subPathOf, waitingMount } from './cache-mount.ts'
import { PENDING } from './record.ts'

/**
 * The mount of a cache that a pod brings along: from an earlier call for it, or from an earlier life, as a backup or
 * a copy of a pod does. A snapshot counts while status knows it, and if the record of the pod names it: whoever asks
 * without both gets what the cache has now.
 */
export function broughtMount(
  pod: Pod,
  cache: ModelCache,
  recorded: string | undefined,
): CacheMount | undefined {
  const waiting = waitingMount(cache)
  if (recorded === PENDING) return waiting
  // What people filled has one folder, whatever the time.
  if (cache.spec.storage.backend !== 'PVC') return undefined
  if (waiting !== undefined && mountsAt(pod, waiting)) return waiting
  if (recorded === undefined || !hasSnapshot(cache, recorded)) return undefined
  const mount = snapshotMount(cache, recorded)
  return mountsAt(pod, mount) ? mount : undefined
}

/** Whether a container has that folder at the path of the mount, whatever the volume. */
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
