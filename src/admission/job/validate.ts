import { job as jobSchema } from '../../api/kubernetes/job.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import { writesToManagedClaims } from '../claim-writable.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision, decide, deny } from '../decision.ts'
import { malformed } from '../malformed.ts'
import type { Policy } from '../policy.ts'
import { writableMounts } from '../writable-mounts.ts'
import { writesToOthers } from './writes-to-others.ts'

/**
 * The validating webhook for Jobs (jobs.modelplane.ai). A Job whose pods would write to a managed claim is
 * denied when it is created, unless our controller creates it. A Job of the controller writes to a claim that
 * people made only if a ModelCache says so. The template of a Job cannot change later.
 */
export function validateJob(request: AdmissionRequest, view: ClusterView, policy: Policy): Decision {
  if (request.operation !== 'CREATE' || request.subResource) return allow()
  const parsed = jobSchema.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not a Job', parsed.error))
  if (request.userInfo.username === policy.controllerUser)
    return decide(writesToOthers(parsed.data, request.namespace ?? '', view))
  const mounts = writableMounts(parsed.data.spec.template.spec).map(mount => ({
    ...mount,
    field: `spec.template.${mount.field}`,
  }))
  return decide(writesToManagedClaims(mounts, request.namespace ?? '', view))
}
