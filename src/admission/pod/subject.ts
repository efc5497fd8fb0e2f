import type { Pod } from '../../api/kubernetes/pod.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Policy } from '../policy.ts'

/** A pod that is about to be stored, and what its rules may know. */
export interface Subject {
  request: AdmissionRequest
  pod: Pod
  view: ClusterView
  policy: Policy
}
