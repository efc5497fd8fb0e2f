import type { ModelDeployment } from '../../api/modeldeployment.ts'
import type { ClusterView } from '../cluster-view.ts'
import { type Finding, warning } from '../finding.ts'

/**
 * No node of this cluster has as many accelerators as one pod asks for. Only a warning, because an autoscaler
 * may add such a node.
 */
export function acceleratorsExceedNode({ spec }: ModelDeployment, view: ClusterView): Finding[] {
  const { accelerator, topology } = spec.workers
  const { tensor } = topology
  let most: number | undefined
  for (const { status } of view.list('Node'))
    most = Math.max(most ?? 0, status?.allocatable?.[accelerator] ?? 0)
  // A review without a cluster knows no nodes.
  if (most === undefined || tensor <= most) return []
  const has = most === 0 ? `has ${accelerator}` : `has more than ${most} of ${accelerator}`
  const text = `each pod gets ${tensor} of ${accelerator}, and no node of this cluster ${has}; pods wait until such a node joins`
  return [warning('AcceleratorsExceedNode', 'spec.workers.topology.tensor', text)]
}
