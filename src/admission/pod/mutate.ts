import { pod as podSchema } from '../../api/kubernetes/pod.ts'
import { CACHES } from '../../api/names.ts'
import { planInjection } from '../../injection/plan.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView, ObjectRef } from '../cluster-view.ts'
import { allow, type Decision, decide, deny } from '../decision.ts'
import { malformed } from '../malformed.ts'
import { resolveCaches } from './resolve.ts'

/**
 * The mutating webhook for pods (pods.modelplane.ai). A pod that names caches gets their read-only mounts. It
 * is denied if a cache is unknown or not Ready, or if the pod has no room for the mounts. A pod that asks to
 * wait gets the mounts and a scheduling gate.
 */
export function mutatePod(request: AdmissionRequest, view: ClusterView): Decision {
  // Volumes cannot change after creation, and requests for subresources carry no pod.
  if (request.operation !== 'CREATE' || request.subResource) return allow()
  const parsed = podSchema.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not a Pod', parsed.error))
  const pod = parsed.data
  const annotation = pod.metadata.annotations?.[CACHES]
  if (annotation === undefined) return allow()

  // metadata.namespace may be empty during admission. The request always names it.
  const resolved = resolveCaches(annotation, request.namespace ?? '', pod, view)
  if (resolved.refused !== undefined) return decide(resolved.refused)

  const { mounts, basis } = resolved.value
  const plan = planInjection(pod, mounts)
  if (plan.refused === undefined) return allow({ patch: plan.value, basis })
  // The conflicting mount may belong to a snapshot that this replica does not know yet.
  const namespace = request.namespace ?? ''
  const caches = mounts.map(({ cache }): ObjectRef => ({ kind: 'ModelCache', namespace, name: cache }))
  return deny(plan.refused, [...caches, ...basis])
}
