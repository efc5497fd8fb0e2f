import type { InferenceCluster } from '../../api/inference-cluster.ts'
import { CLUSTER_MEMBERS } from '../../api/inference-cluster-rules.ts'
import { violation } from '../../api/violation.ts'
import { error, type Finding } from '../finding.ts'

/** Each source has what it needs, and nothing of another source: the same as the CEL in the CRD. */
export function sourceMembers({ spec: { cluster } }: InferenceCluster): Finding[] {
  if (cluster === undefined) return []
  return CLUSTER_MEMBERS.flatMap(({ source, field, lacking, foreign }) => {
    const isSet = cluster[field] !== undefined
    if (isSet === (cluster.source === source)) return []
    return [error(violation('ClusterInvalid', `spec.cluster.${field}`, isSet ? foreign : lacking))]
  })
}
