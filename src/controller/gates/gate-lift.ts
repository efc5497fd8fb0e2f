import { type ConsumerPod, placeOf } from '../../api/kubernetes/consumer-pod.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { CACHE_READY_GATE, INJECTED } from '../../api/names.ts'
import { SHA256_DIGEST } from '../../api/schema/digest.ts'
import { snapshotFolder } from '../../api/volume-layout.ts'
import { type CacheMount, claimMount, subPathOf, waitingMount } from '../../injection/cache-mount.ts'
import { chooseMount } from '../../injection/choose-mount.ts'
import { digestAnnotation } from '../../injection/digest-variable.ts'
import { identityOf, PENDING, readRecord } from '../../injection/record.ts'

/** What we must know of the cluster to decide whether a pod has waited long enough. */
export interface Awaited {
  cache(name: string): ModelCache | undefined
  /** The leader of its gang, if the pod is a worker. */
  leader: ConsumerPod | undefined
}

/** What to do about a waiting pod: a strategic merge patch, what it waits for, or why it can never start. */
export type GateLift = { patch: object } | { waits: string } | { misfit: string }

/**
 * When all caches of a waiting pod are Ready, one patch tells the pod its digests and removes its gate.
 * Undefined for a pod that does not wait. A worker waits for its leader and gets the same digests. A pod
 * cannot change its mounts: if a cache was created again with another claim, folder or path, the pod stays at
 * the gate.
 */
export function gateLift(pod: ConsumerPod, { cache: find, leader }: Awaited): GateLift | undefined {
  if (!pod.gated) return undefined
  if (leader?.gated)
    return { waits: `this pod waits for its leader ${leader.metadata.name}, which waits for its caches` }
  const digests: Record<string, string> = {}
  const record: string[] = []
  for (const [name, identity] of readRecord(pod.record)) {
    const cache = find(name)
    const mount = cache && chooseMount(cache, { leader, waits: false })
    if (mount === undefined) return { waits: waitText(name, cache) }
    if (!hasPlaceOf(pod, cache, identity)) return { misfit: misfitText(name, mount) }
    const awaited = identity === PENDING
    if (awaited && mount.kind === 'snapshot') digests[digestAnnotation(name)] = snapshotFolder(mount.digest)
    // What was known at admission is mounted, and stays.
    record.push(`${name}=${awaited ? identityOf(mount) : identity}`)
  }
  const patch = {
    // With the version, the patch fails if the pod has changed since.
    metadata: {
      resourceVersion: pod.metadata.resourceVersion,
      annotations: { ...digests, [INJECTED]: record.join(',') },
    },
    spec: { schedulingGates: [{ $patch: 'delete', name: CACHE_READY_GATE }] },
  }
  return { patch }
}

/** Whether the pod mounts what it would get now. A snapshot that was known at admission is fixed. */
function hasPlaceOf(pod: ConsumerPod, cache: ModelCache | undefined, identity: string): boolean {
  if (SHA256_DIGEST.test(identity)) return true
  const expected = cache && (identity === PENDING ? waitingMount(cache) : claimMount(cache, { waits: true }))
  if (expected === undefined) return false
  const { subPath, subPathExpr } = subPathOf(expected)
  return pod.places.includes(placeOf(expected.claimName, subPath ?? subPathExpr, expected.mountPath))
}

/** Leaves out the progress, because each new text creates a new Event. */
function waitText(name: string, cache: ModelCache | undefined): string {
  const { phase = 'Pending' } = cache?.status ?? {}
  const state = cache === undefined ? 'does not exist' : `is ${phase}`
  return `this pod waits for ModelCache ${name}, which ${state}; it starts when the ModelCache is Ready`
}

function misfitText(cache: string, { claimName, mountPath }: CacheMount): string {
  return `this pod waits for ModelCache ${cache} as it was when the pod was created; the cache now uses claim ${claimName} at ${mountPath}, and the mounts of a pod cannot change; delete this pod and create it again`
}
