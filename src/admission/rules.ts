import type { AdmissionRequest } from './admissionreview.ts'
import type { ClusterView } from './clusterview.ts'
import type { Decision } from './decision.ts'

/** A webhook's rules as one pure function. */
export type Rules = (request: AdmissionRequest, view: ClusterView) => Decision
