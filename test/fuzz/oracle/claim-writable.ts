import { backendOf, type Cluster, claimsByVolume, managedClaimOf, named, nameOf } from './cluster.ts'
import { at, listAt, textAt } from './json.ts'
import { labelFor } from './names.ts'

export const JOB_CONTROLLERS = [
  'system:serviceaccount:kube-system:job-controller',
  'system:kube-controller-manager',
]
export const OUR_CONTROLLER = 'system:serviceaccount:modelcache-system:modelcache-controller'

/**
 * The claims that a pod with this spec could write to, from its volumes and the mounts of all its containers.
 */
export function writableClaims(spec: unknown): Set<string> {
  const claims = new Set<string>()
  for (const volume of listAt(spec, 'volumes')) {
    const claim = textAt(volume, 'persistentVolumeClaim', 'claimName')
    if (claim !== undefined && at(volume, 'persistentVolumeClaim', 'readOnly') !== true) claims.add(claim)
  }
  for (const kind of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const claim of mountedWritable(spec, kind)) claims.add(claim)
  }
  return claims
}

/** The claims that containers of one kind mount writable. */
export function mountedWritable(spec: unknown, kind: string): Set<string> {
  const ofVolume = claimsByVolume(spec)
  const claims = new Set<string>()
  for (const mount of listAt(spec, kind).flatMap(container => listAt(container, 'volumeMounts'))) {
    const claim = ofVolume.get(at(mount, 'name'))
    if (claim !== undefined && at(mount, 'readOnly') !== true) claims.add(claim)
  }
  return claims
}

/** Whether this project fills a claim, and for which cache, if the cache still exists. */
export function managedClaim(
  claim: string,
  namespace: string,
  { caches, claims }: Cluster,
): { cache: unknown } | undefined {
  const own = caches.filter(
    cache => textAt(cache, 'metadata', 'namespace') === namespace && backendOf(cache) === 'PVC',
  )
  const cache =
    own.find(candidate => managedClaimOf(candidate) === claim) ??
    own.find(candidate => labelFor(nameOf(candidate)) === claim)
  if (cache !== undefined) return { cache }
  const label = textAt(named(claims, claim, namespace), 'metadata', 'labels', 'modelplane.ai/modelcache')
  return label === undefined ? undefined : { cache: named(caches, label, namespace) }
}

/**
 * Whether a pod belongs to the hydration Job of a cache: the Job controller creates it, and the cache knows
 * the Job.
 */
export function isHydrationPod(request: unknown, cache: unknown): boolean {
  const owners = listAt(request, 'object', 'metadata', 'ownerReferences')
  const controller = owners.find(owner => at(owner, 'controller') === true && at(owner, 'kind') === 'Job')
  const job = textAt(cache, 'status', 'hydration', 'jobUID')
  const user = textAt(request, 'userInfo', 'username') ?? ''
  return JOB_CONTROLLERS.includes(user) && job !== undefined && textAt(controller, 'uid') === job
}
