import { CACHES, NOT_READY } from '../../api/annotations.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { type Pod, pod as podSchema } from '../../api/pod.ts'
import { type Violation, violation } from '../../api/violation.ts'
import { type CacheMount, cacheMount } from '../../injection/cachemount.ts'
import { planInjection } from '../../injection/plan.ts'
import type { AdmissionRequest } from '../admissionreview.ts'
import type { ClusterView } from '../clusterview.ts'
import { allow, type Decision, deny, denyIfAny, type Finding } from '../decision.ts'
import { malformed } from '../malformed.ts'
import { notReadyText } from './notready.ts'
import { cacheReferences } from './references.ts'

/**
 * The mutating webhook for pods (pods.modelplane.ai): a pod that names caches gets their read-only mounts, or is
 * refused because a cache is unknown or not Ready, or because it leaves no room for the mounts.
 */
export function mutatePod(request: AdmissionRequest, view: ClusterView): Decision {
  // Volumes cannot change after creation, and subresources carry no pod.
  if (request.operation !== 'CREATE' || request.subResource) return allow()
  const parsed = podSchema.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not a Pod', parsed.error))
  const pod = parsed.data
  const annotation = pod.metadata.annotations?.[CACHES]
  if (annotation === undefined) return allow()

  const names = cacheReferences(annotation)
  if (!Array.isArray(names)) return deny(names)

  // metadata.namespace may be empty during admission; the request always says.
  const resolved = resolveCaches(names, request.namespace ?? '', pod, view)
  if ('findings' in resolved) return resolved

  const plan = planInjection(pod, resolved.mounts)
  return Array.isArray(plan) ? allow(plan) : deny(plan)
}

/** The mounts of all caches, or everything that keeps them from being mounted. */
function resolveCaches(names: string[], namespace: string, pod: Pod, view: ClusterView) {
  const mounts: CacheMount[] = []
  const findings: Finding[] = []
  for (const name of names) {
    const cache = view.modelCache(namespace, name)
    const mount = cache && cacheMount(cache)
    if (mount) {
      mounts.push(mount)
    } else {
      findings.push({
        violation: unusable(name, namespace, cache, pod),
        basis: [{ kind: 'ModelCache', namespace, name }],
      })
    }
  }
  return denyIfAny(findings) ?? { mounts }
}

function unusable(name: string, namespace: string, cache: ModelCache | undefined, pod: Pod): Violation {
  const field = `metadata.annotations[${CACHES}]`
  if (cache === undefined) {
    return violation(
      'CacheNotFound',
      field,
      `there is no ModelCache ${namespace}/${name}; create it, or correct annotation ${CACHES} (list them with: kubectl -n ${namespace} get modelcaches)`,
    )
  }
  const whenNotReady = pod.metadata.annotations?.[NOT_READY]
  if (whenNotReady !== undefined) {
    return violation(
      'NotImplemented',
      `metadata.annotations[${NOT_READY}]`,
      `annotation ${NOT_READY}=${whenNotReady} is not implemented; remove it, then pods are refused until their caches are Ready (${notReadyText(namespace, cache)})`,
    )
  }
  return violation('CacheNotReady', field, notReadyText(namespace, cache))
}
