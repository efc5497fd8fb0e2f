import type { AdmissionRequest } from './admission-review.ts'
import type { ClusterView } from './cluster-view.ts'
import type { Decision } from './decision.ts'

/** The rules of a webhook as one pure function. */
export type Rules = (request: AdmissionRequest, view: ClusterView) => Decision
