import {
  annotation,
  backendOf,
  type Cluster,
  claimsByVolume,
  consumersIn,
  isBeingDeleted,
  isGated,
  isStaged,
  managedClaimOf,
  named,
  placeOf,
  recordOf,
} from './cluster.ts'
import { at, listAt, textAt } from './json.ts'
import { cacheMetadata } from './kinds.ts'
import { modelCache } from './modelcache-shape.ts'
import { foldersOf, knownDigests, pendingMount, snapshotOf } from './mounts.ts'
import { labelFor } from './names.ts'

/** DESIGN 3.2: running pods mount the cache, and nobody has allowed its deletion. */
export function isCacheInUse(request: unknown, cluster: Cluster): boolean {
  const cache = at(request, 'oldObject')
  const namespace = textAt(request, 'namespace') ?? ''
  const isReadable = cacheMetadata(at(cache, 'metadata'))
  if (isReadable && annotation(cache, 'modelplane.ai/allow-delete-in-use') === 'true') return false
  if (isReadable && isBeingDeleted(cache)) return false
  if (isTerminating(named(cluster.namespaces, namespace))) return false
  const name = (isReadable ? textAt(cache, 'metadata', 'name') : undefined) ?? textAt(request, 'name') ?? ''
  if (modelCache(cache) && isClaimLost(cache, name, namespace, cluster)) return false
  return consumersIn(cluster, namespace).some(pod => {
    if (isGated(pod) || isFinished(pod)) return false
    // The pod that stages the cache.
    if (textAt(pod, 'metadata', 'name')?.startsWith('modelcache--')) return false
    // If the object has another version, the pods' own records still tell.
    if (!modelCache(cache)) return recordOf(pod).has(name)
    return mountsCache(pod, cache, name)
  })
}

/**
 * The claim of its name is on its way out, or that of an earlier cache, so nothing is lost with the cache.
 */
function isClaimLost(cache: unknown, name: string, namespace: string, { claims }: Cluster): boolean {
  const uid = textAt(cache, 'metadata', 'uid')
  if (backendOf(cache) !== 'PVC' || uid === undefined) return false
  const claim = named(claims, labelFor(name), namespace)
  if (claim === undefined) return false
  const owner = listAt(claim, 'metadata', 'ownerReferences').find(each => at(each, 'controller') === true)
  return isBeingDeleted(claim) || (owner !== undefined && textAt(owner, 'uid') !== uid)
}

/** Whether a running pod mounts what the cache is on. */
function mountsCache(pod: unknown, cache: unknown, name: string): boolean {
  const claims = [...claimsByVolume(at(pod, 'spec')).values()]
  if (backendOf(cache) === 'ExistingPVC' && isStaged(cache)) return mountsSnapshot(pod, cache)
  if (backendOf(cache) === 'PVC')
    return claims.includes(managedClaimOf(cache)) || claims.includes(labelFor(name))
  const claim = textAt(cache, 'spec', 'storage', 'existingPVC', 'name')
  const folder = textAt(cache, 'spec', 'storage', 'existingPVC', 'subPath')
  if (backendOf(cache) !== 'ExistingPVC' || claim === undefined) return false
  return folder === undefined ? claims.includes(claim) : foldersOf(pod).has(`${claim}/${folder}`)
}

/** Others are staged into the same claim. */
function mountsSnapshot(pod: unknown, cache: unknown): boolean {
  const { claim, folder } = placeOf(cache)
  const paths = [...knownDigests(cache)].map(digest => folder + snapshotOf(String(digest)))
  const { variable } = pendingMount(cache)
  const folders = foldersOf(pod)
  return [...paths, variable?.subPathExpr].some(path => folders.has(`${claim}/${path}`))
}

function isFinished(pod: unknown): boolean {
  return ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase') ?? '')
}

function isTerminating(namespace: unknown): boolean {
  return isBeingDeleted(namespace) || textAt(namespace, 'status', 'phase') === 'Terminating'
}
