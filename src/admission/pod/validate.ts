import { pod as podSchema } from '../../api/kubernetes/pod.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision, decide, deny } from '../decision.ts'
import type { Finding } from '../finding.ts'
import { malformed } from '../malformed.ts'
import type { Policy } from '../policy.ts'
import { claimWritable } from './claim-writable.ts'
import { hydrationProtected } from './hydration-protected.ts'
import { injectionMissing } from './injection-missing.ts'
import { snapshotUnknown } from './snapshot-unknown.ts'
import type { Subject } from './subject.ts'

/**
 * The validating webhook for pods (validate.pods.modelplane.ai), after every mutating one: what finally runs has the
 * mounts of its caches, of a managed claim nothing but snapshots, and nobody but container hydrate of a hydration Job
 * writes to one.
 */
export function validatePod(request: AdmissionRequest, view: ClusterView, policy: Policy): Decision {
  const { operation, subResource } = request
  const created = operation === 'CREATE' && !subResource
  // Of a pod that runs, only ephemeral containers can be added; the request then carries the whole pod.
  const debugged = operation === 'UPDATE' && subResource === 'ephemeralcontainers'
  if (!created && !debugged) return allow()
  const parsed = podSchema.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not a Pod', parsed.error))
  const subject = { request, pod: parsed.data, view, policy }
  // Caches come and go during the life of a pod: what it was given is a matter of its creation alone.
  const mounts = created ? mountsOf(subject) : []
  return decide([...mounts, ...claimWritable(subject), ...hydrationProtected(subject)])
}

/** Of a pod that lacks what was to be injected, that alone is told: its other mounts may be what is left of it. */
function mountsOf(subject: Subject): readonly Finding[] {
  const missing = injectionMissing(subject)
  return missing.length > 0 ? missing : snapshotUnknown(subject)
}
