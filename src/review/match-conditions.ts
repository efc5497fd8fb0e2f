import { valueAt } from '../admission/value-at.ts'
import { isManagedName } from '../api/managed-name.ts'
import { CACHE_CONTAINERS, CACHES } from '../api/names.ts'

/** The namespaces that no webhook of ours is asked about. */
const EXCLUDED = ['kube-system', 'modelcache-system']

/** What the namespaceSelector of the webhooks for pods and workloads says. */
export function isWatchedNamespace(namespace: string): boolean {
  return !EXCLUDED.includes(namespace)
}

/**
 * What the matchConditions of the webhooks for pods say, of a pod or a template: it asks for caches, or uses a claim
 * that is named like a managed one. Of any other the webhooks hear nothing, whatever it looks like.
 */
export function concernsCaches(pod: unknown): boolean {
  return CACHES in annotationsOf(pod) || usesManagedClaim(pod)
}

/** What that of the webhook for Jobs says, of the template. */
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

/** Whether one of the annotations of ours that name something stands on an object. */
export function isAnnotated(object: unknown): boolean {
  const annotations = annotationsOf(object)
  return CACHES in annotations || CACHE_CONTAINERS in annotations
}

function annotationsOf(object: unknown): object {
  const annotations = valueAt(object, 'metadata.annotations')
  return typeof annotations === 'object' && annotations !== null ? annotations : {}
}
