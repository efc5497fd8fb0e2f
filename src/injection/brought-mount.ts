import type { Pod } from '../api/kubernetes/pod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { cleanPath } from '../api/mount-path.ts'
import { hasSnapshot } from '../api/volume-layout.ts'
import { type CacheMount, snapshotMount } from './cache-mount.ts'
import { subPathExpr } from './mounts.ts'
import { PENDING, pendingMount } from './pending-mount.ts'

/**
 * The mount of a cache that a pod brings along: from an earlier call for it, or from an earlier life, as a backup or a copy of a pod does. A
 * snapshot counts while status knows it, and if the record of the pod names it: whoever asks without both gets what the cache has now.
 */
export function broughtMount(
  pod: Pod,
  cache: ModelCache,
  recorded: string | undefined,
): CacheMount | undefined {
  const pending = pendingMount(cache)
  if (recorded === PENDING) return pending
  // What people filled has one folder, whatever the time.
  if (cache.spec.storage.backend !== 'PVC') return undefined
  if (pending !== undefined && mountsAt(pod, pending)) return pending
  if (recorded === undefined || !hasSnapshot(cache, recorded)) return undefined
  const mount = snapshotMount(cache, recorded)
  return mountsAt(pod, mount) ? mount : undefined
}

/** Whether a container has that folder at the path of the mount, whatever the volume. */
function mountsAt({ spec }: Pod, mount: CacheMount): boolean {
  const expression = subPathExpr(mount) ?? ''
  const folder = cleanPath(mount.subPath ?? '')
  return [...spec.containers, ...(spec.initContainers ?? [])].some(({ volumeMounts }) =>
    volumeMounts?.some(
      existing =>
        cleanPath(existing.mountPath) === mount.mountPath &&
        cleanPath(existing.subPath ?? '') === folder &&
        (existing.subPathExpr ?? '') === expression,
    ),
  )
}
