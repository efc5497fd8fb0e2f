import type { ModelCache } from '../../api/modelcache.ts'
import { type ModelDeployment, modelDeployment } from '../../api/modeldeployment.ts'
import { withModelPaths } from '../../deployment/model-path.ts'
import { workloadOf } from '../../deployment/objects.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision, decide, deny } from '../decision.ts'
import type { Finding } from '../finding.ts'
import { ignoredKeys } from '../ignored-keys.ts'
import { malformed } from '../malformed.ts'
import { validateWorkload } from '../workload/validate.ts'
import { acceleratorsExceedNode } from './accelerators-exceed-node.ts'
import { cachesOnItself } from './caches-on-itself.ts'
import { consistent } from './consistent.ts'
import { topologyMismatch } from './topology-mismatch.ts'

/**
 * The validating webhook for ModelDeployments (modeldeployments.modelplane.ai). After the rules of its own, a
 * deployment is judged as the workload that it becomes, so that caches are missing, not Ready or in each
 * other's way here as everywhere.
 */
export function validateModelDeployment(request: AdmissionRequest, view: ClusterView): Decision {
  if (request.subResource) return allow()
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return allow()
  const parsed = modelDeployment.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not a ModelDeployment', parsed.error))
  // What is being deleted must always be able to lose its finalizers.
  if (parsed.data.metadata.deletionTimestamp !== undefined) return allow()
  const own = [
    ...consistent(parsed.data),
    ...ignoredKeys([
      { bearer: 'workload', path: '', raw: request.object },
      { bearer: 'pod', path: 'spec.workers.template', raw: parsed.data.spec.workers.template },
    ]),
    ...cachesOnItself(request.object),
    ...topologyMismatch(parsed.data),
    ...acceleratorsExceedNode(parsed.data, view),
  ]
  if (own.some(({ severity }) => severity === 'error')) return decide(own)
  const old = modelDeployment.safeParse(request.oldObject).data
  const judged = validateWorkload(asWorkload(request, parsed.data, old, view), view)
  const findings: readonly Finding[] = judged.allowed ? judged.warnings : judged.findings
  return decide([...own, ...findings])
}

const RESOURCES = {
  Tensor: { group: 'apps', version: 'v1', resource: 'deployments' },
  TensorPipeline: { group: 'leaderworkerset.x-k8s.io', version: 'v1', resource: 'leaderworkersets' },
}

/** The request that the controller will send for it. */
export function asWorkload(
  request: AdmissionRequest,
  deployment: ModelDeployment,
  old: ModelDeployment | undefined,
  view: ClusterView,
): AdmissionRequest {
  const built = (each: ModelDeployment) =>
    workloadOf(withModelPaths(each, cachesOf(each, request.namespace, view)))
  return {
    ...request,
    resource: RESOURCES[deployment.spec.workers.topology.strategy],
    object: built(deployment),
    oldObject: old && built(old),
  }
}

function cachesOf({ spec }: ModelDeployment, namespace: string | undefined, view: ClusterView): ModelCache[] {
  return (spec.caches ?? []).flatMap(({ name }) => view.get('ModelCache', namespace, name) ?? [])
}
