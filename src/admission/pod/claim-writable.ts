import type { Pod } from '../../api/kubernetes/pod.ts'
import { writesToManagedClaims } from '../claim-writable.ts'
import type { Finding } from '../finding.ts'
import { writableEphemeralMounts, writableMounts } from '../writable-mounts.ts'
import type { Subject } from './subject.ts'

/**
 * Only the pod of a cache's own hydration Job mounts its claim writable.
 *
 * Two facts together identify that pod. The Job controller creates it, which the API server has
 * authenticated; and the Job that controls it has the UID that our controller wrote into the cache's status.
 * A user who may create pods can forge labels and owner references, but not the first fact. A user who may
 * create Jobs has the first fact, but not the second.
 */
export function claimWritable({ request, pod, view, policy }: Subject): readonly Finding[] {
  const namespace = request.namespace ?? ''
  if (request.subResource) return writesToManagedClaims(writableEphemeralMounts(pod.spec), namespace, view)
  const byJobController = policy.jobControllers.includes(request.userInfo.username)
  const jobUID = controllingJob(pod)
  return writesToManagedClaims(
    writableMounts(pod.spec),
    namespace,
    view,
    ({ owner }) => byJobController && jobUID !== undefined && jobUID === owner?.status?.hydration?.jobUID,
  )
}

/** UID of the Job that controls the pod. Kubernetes allows one controller at most. */
function controllingJob({ metadata }: Pod): string | undefined {
  return metadata.ownerReferences?.find(({ kind, controller }) => controller === true && kind === 'Job')?.uid
}
