import type { Pod } from '../../api/kubernetes/pod.ts'
import { writesToManagedClaims } from '../claim-writable.ts'
import type { Finding } from '../finding.ts'
import { writableEphemeralMounts, writableMounts } from '../writable-mounts.ts'
import type { Subject } from './subject.ts'

/**
 * No pod but that of a cache's own hydration Job mounts its claim writable.
 *
 * That pod is known by two facts together: the Job controller creates it, which the API server has authenticated, and
 * it is controlled by the Job whose UID our controller has written into the cache's status. Whoever may create pods
 * can forge labels and owner references, but not the first fact; whoever may create Jobs gets the first, but not the
 * second.
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

/** UID of the Job that controls the pod; Kubernetes allows one controller at the most. */
function controllingJob({ metadata }: Pod): string | undefined {
  return metadata.ownerReferences?.find(({ kind, controller }) => controller === true && kind === 'Job')?.uid
}
