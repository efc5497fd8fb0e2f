import { INFERENCE_CLUSTER_REASONS } from './inference-cluster-reasons.ts'
import { MODELCACHE_REASONS } from './modelcache-reasons.ts'
import { MODELDEPLOYMENT_REASONS } from './modeldeployment-reasons.ts'
import { POD_REASONS } from './pod-reasons.ts'

/**
 * The one list of reasons that a denial or a warning can have. The type, the metrics label, the causes in a
 * Status, the audit annotation and docs/reasons.md all come from it. A reason is part of the API: scripts,
 * dashboards and people rely on it, so we never rename one. A reason is added together with its rule.
 */
export const REASONS = {
  ...INFERENCE_CLUSTER_REASONS,
  ...MODELCACHE_REASONS,
  ...MODELDEPLOYMENT_REASONS,
  ...POD_REASONS,
}

export type Reason = keyof typeof REASONS
