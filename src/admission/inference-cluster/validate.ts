import { type InferenceCluster, inferenceCluster } from '../../api/inference-cluster.ts'
import { violation } from '../../api/violation.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision, decide, deny } from '../decision.ts'
import { error, type Finding } from '../finding.ts'
import { malformed } from '../malformed.ts'
import { sourceMembers } from './source-members.ts'

const FIELD = 'spec.cluster.source'

/**
 * The validating webhook for InferenceClusters (inferenceclusters.modelplane.ai). Only one of them may say
 * that it stands for this cluster.
 */
export function validateInferenceCluster(request: AdmissionRequest, view: ClusterView): Decision {
  if (request.subResource) return allow()
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return allow()
  const parsed = inferenceCluster.safeParse(request.object)
  if (!parsed.success) return deny(malformed('not an InferenceCluster', parsed.error))
  if (parsed.data.metadata.deletionTimestamp !== undefined) return allow()
  return decide([...sourceMembers(parsed.data), ...onlyLocal(parsed.data, view)])
}

function onlyLocal(cluster: InferenceCluster, view: ClusterView): Finding[] {
  if (!saysLocal(cluster)) return []
  const others = [...view.list('InferenceCluster')].filter(saysLocal)
  const taken = others.find(({ metadata }) => metadata.name !== cluster.metadata.name)?.metadata.name
  if (taken === undefined) return []
  const text = `InferenceCluster ${taken} stands for this cluster already; delete it, or give this one the source of another cluster`
  return [error(violation('LocalClusterTaken', FIELD, text), [{ list: 'InferenceCluster' }])]
}

function saysLocal({ spec }: InferenceCluster): boolean {
  return spec.cluster?.source === 'Local'
}
