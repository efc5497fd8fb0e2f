import type { ModelCache } from '../../api/modelcache.ts'
import { type ModelDeployment, modelDeployment } from '../../api/modeldeployment.ts'
import { servingClusters } from '../../api/placement.ts'
import { withModelPaths } from '../../deployment/model-path.ts'
import { workloadOf } from '../../deployment/objects.ts'
import { thisCluster } from '../../storage/this-cluster.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision, decide, deny } from '../decision.ts'
import type { Finding } from '../finding.ts'
import { ignoredKeys } from '../ignored-keys.ts'
import { malformed } from '../malformed.ts'
import { noClusterSelected } from '../no-cluster-selected.ts'
import type { Policy } from '../policy.ts'
import { selectorTooLong } from '../selector-too-long.ts'
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
export function validateModelDeployment(
  request: AdmissionRequest,
  view: ClusterView,
  policy: Policy,
): Decision {
  if (request.subResource) return allow()
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return allow()
  const parsed = modelDeployment.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not a ModelDeployment', parsed.error))
  // What is being deleted must always be able to lose its finalizers.
  if (parsed.data.metadata.deletionTimestamp !== undefined) return allow()
  const old = modelDeployment.safeParse(request.oldObject).data
  const selector = { selector: parsed.data.spec.clusterSelector, old: old?.spec.clusterSelector }
  const isHere = servesHere(parsed.data, view, policy)
  const own = [
    ...consistent(parsed.data),
    ...ignoredKeys([
      { bearer: 'workload', path: '', raw: request.object },
      { bearer: 'pod', path: 'spec.workers.template', raw: parsed.data.spec.workers.template },
    ]),
    ...cachesOnItself(request.object),
    ...topologyMismatch(parsed.data),
    ...selectorTooLong(selector),
    ...noClusterSelected(selector, view, 'serves'),
    ...(isHere ? acceleratorsExceedNode(parsed.data, view) : []),
  ]
  if (own.some(({ severity }) => severity === 'error')) return decide(own)
  const judged = validateWorkload(asWorkload(request, parsed.data, old, view), view)
  const findings: readonly Finding[] = judged.allowed ? judged.warnings : judged.findings
  // Caches that are not Ready here are no matter to pods of other clusters.
  return decide([...own, ...findings.filter(({ severity }) => isHere || severity === 'error')])
}

/** Whether pods of a ModelDeployment may run in this cluster. */
export function servesHere(deployment: ModelDeployment, view: ClusterView, { clusterName }: Policy): boolean {
  const clusters = [...view.list('InferenceCluster')]
  const here = thisCluster(clusters, clusterName)
  const names = servingClusters(deployment, clusters, here)
  return names === undefined || (here !== undefined && names.includes(here.metadata.name))
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
