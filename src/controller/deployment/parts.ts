import type { Strategy } from '../../api/modeldeployment.ts'

/** What creates the pods. */
export const WORKLOADS = {
  Tensor: 'ServingDeployment',
  TensorPipeline: 'ServingGangs',
} as const satisfies Record<Strategy, string>

/** Everything that a deployment may consist of, as kinds of our stores. */
export const PART_KINDS = [...Object.values(WORKLOADS), 'ServingService', 'ServingBudget'] as const
export type PartKind = (typeof PART_KINDS)[number]
