import { pod as podSchema } from '../../api/kubernetes/pod.ts'
import { CACHES } from '../../api/names.ts'
import { planInjection } from '../../injection/plan.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView, ObjectRef } from '../cluster-view.ts'
import { allow, type Decision, decide, deny } from '../decision.ts'
import { malformed } from '../malformed.ts'
import { resolveCaches } from './resolve.ts'

/**
 * The mutating webhook for pods (pods.modelplane.ai): a pod that names caches gets their read-only mounts, or is
 * refused because a cache is unknown or not Ready, or because it leaves no room for the mounts. A pod that would rather
 * wait gets them with a scheduling gate.
 */
export function mutatePod(request: AdmissionRequest, view: ClusterView): Decision {
  // Volumes cannot change after creation, and subresources carry no pod.
  if (request.operation !== 'CREATE' || request.subResource) return allow()
  const parsed = podSchema.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not a Pod', parsed.error))
  const pod = parsed.data
  const annotation = pod.metadata.annotations?.[CACHES]
  if (annotation === undefined) return allow()

  // metadata.namespace may be empty during admission; the request always says.
  const resolved = resolveCaches(annotation, request.namespace ?? '', pod, view)
  if (resolved.refused !== undefined) return decide(resolved.refused)

  const { mounts, basis } = resolved.value
  const plan = planInjection(pod, mounts)
  if (plan.refused === undefined) return allow({ patch: plan.value, basis })
  // What is in the way may be the mount of a snapshot that this replica does not know yet.
  const namespace = request.namespace ?? ''
  const caches = mounts.map(({ cache }): ObjectRef => ({ kind: 'ModelCache', namespace, name: cache }))
  return deny(plan.refused, [...caches, ...basis])
}
