import {
  annotation,
  backendOf,
  type Cluster,
  claimsByVolume,
  consumersIn,
  isBeingDeleted,
  isGated,
  managedClaimOf,
  named,
  recordOf,
} from './cluster.ts'
import { at, textAt } from './json.ts'
import { cacheMetadata } from './kinds.ts'
import { modelCache } from './modelcacheshape.ts'
import { labelFor } from './names.ts'

/** DESIGN 3.2: running pods mount the cache, and nobody has said that it may go all the same. */
export function isCacheInUse(request: unknown, cluster: Cluster): boolean {
  const cache = at(request, 'oldObject')
  const namespace = textAt(request, 'namespace') ?? ''
  const isReadable = cacheMetadata(at(cache, 'metadata'))
  if (isReadable && annotation(cache, 'modelplane.ai/allow-delete-in-use') === 'true') return false
  if (isReadable && isBeingDeleted(cache)) return false
  if (isTerminating(named(cluster.namespaces, namespace))) return false
  const name = (isReadable ? textAt(cache, 'metadata', 'name') : undefined) ?? textAt(request, 'name') ?? ''
  // Of an object of another version the pods' own records still tell.
  const own = modelCache(cache) && backendOf(cache) === 'PVC' ? [managedClaimOf(cache), labelFor(name)] : []
  return consumersIn(cluster, namespace).some(pod => {
    if (isGated(pod) || isFinished(pod)) return false
    const claims = [...claimsByVolume(at(pod, 'spec')).values()]
    return recordOf(pod).has(name) || own.some(claim => claims.includes(claim))
  })
}

function isFinished(pod: unknown): boolean {
  return ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase') ?? '')
}

function isTerminating(namespace: unknown): boolean {
  return isBeingDeleted(namespace) || textAt(namespace, 'status', 'phase') === 'Terminating'
}
