import { pod as podSchema } from '../../api/kubernetes/pod.ts'
import { CACHES } from '../../api/names.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import { POD_ADVICE } from '../advice/advice.ts'
import { consumerOf, referencesTo } from '../advice/consumer.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision, decide, deny } from '../decision.ts'
import type { Finding } from '../finding.ts'
import { ignoredKeys, isControlled } from '../ignored-keys.ts'
import { malformed } from '../malformed.ts'
import type { Policy } from '../policy.ts'
import { claimWritable } from './claim-writable.ts'
import { hydrationProtected } from './hydration-protected.ts'
import { injectionMissing } from './injection-missing.ts'
import { cacheReferences } from './references.ts'
import { snapshotUnknown } from './snapshot-unknown.ts'
import type { Subject } from './subject.ts'

/**
 * The validating webhook for pods (validate.pods.modelplane.ai), which runs after every mutating one. The pod
 * that finally runs has the mounts of its caches and mounts nothing but snapshots of a managed claim. Only
 * container hydrate of a hydration Job writes to one.
 */
export function validatePod(request: AdmissionRequest, view: ClusterView, policy: Policy): Decision {
  const { operation, subResource } = request
  const created = operation === 'CREATE' && !subResource
  // A running pod can only gain ephemeral containers. The request then carries the whole pod.
  const debugged = operation === 'UPDATE' && subResource === 'ephemeralcontainers'
  if (!created && !debugged) return allow()
  const parsed = podSchema.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not a Pod', parsed.error))
  const subject = { request, pod: parsed.data, view, policy }
  // Caches come and go while a pod lives. We check what it was given only when it is created.
  const mounts = created ? mountsOf(subject) : []
  const denials = [...mounts, ...claimWritable(subject), ...hydrationProtected(subject)]
  if (denials.length > 0 || !created || isControlled(request.object)) return decide(denials)
  return decide(adviceFor(subject))
}

/** Warnings for the author of a pod. If a workload created it, its author has got them for the template. */
function adviceFor({ request, pod, view }: Subject): readonly Finding[] {
  const names = cacheReferences(pod.metadata.annotations?.[CACHES] ?? '').value ?? []
  const references = referencesTo(names, request.namespace ?? '', view)
  const consumer = consumerOf({ path: '', pod, references })
  const keys = ignoredKeys([{ bearer: 'pod', path: '', raw: request.object }])
  return [...keys, ...POD_ADVICE.flatMap(advise => advise(consumer))]
}

/** If a pod lacks its injected fields, we report only that: its other mounts may be left over from them. */
function mountsOf(subject: Subject): readonly Finding[] {
  const missing = injectionMissing(subject)
  return missing.length > 0 ? missing : snapshotUnknown(subject)
}
