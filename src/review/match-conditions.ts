import { valueAt } from '../admission/value-at.ts'
import { isManagedName } from '../api/managed-name.ts'
import { CACHE_CONTAINERS, CACHES } from '../api/names.ts'

/** The namespaces that our webhooks are never called for. */
const EXCLUDED = ['kube-system', 'modelcache-system']

/** The namespaceSelector of the webhooks for pods and workloads. */
export function isWatchedNamespace(namespace: string): boolean {
  return !EXCLUDED.includes(namespace)
}

/**
 * The matchConditions of the webhooks for pods, applied to a pod or a template: it asks for caches, or uses a
 * claim with a managed name. The webhooks never see any other pod.
 */
export function concernsCaches(pod: unknown): boolean {
  return CACHES in annotationsOf(pod) || usesManagedClaim(pod)
}

/** The matchCondition of the webhook for Jobs, applied to the template. */
export function usesManagedClaim(pod: unknown): boolean {
  const volumes = valueAt(pod, 'spec.volumes')
  return (
    Array.isArray(volumes) &&
    volumes.some(volume => {
      const name = valueAt(volume, 'persistentVolumeClaim.claimName')
      return typeof name === 'string' && isManagedName(name)
    })
  )
}

/** Whether an object has one of our annotations that name something. */
export function isAnnotated(object: unknown): boolean {
  const annotations = annotationsOf(object)
  return CACHES in annotations || CACHE_CONTAINERS in annotations
}

function annotationsOf(object: unknown): object {
  const annotations = valueAt(object, 'metadata.annotations')
  return typeof annotations === 'object' && annotations !== null ? annotations : {}
}
