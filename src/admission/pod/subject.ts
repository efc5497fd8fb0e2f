import type { Pod } from '../../api/pod.ts'
import type { AdmissionRequest } from '../admissionreview.ts'
import type { ClusterView } from '../clusterview.ts'
import type { Policy } from '../policy.ts'

/** A pod as it is about to be stored, and what its rules may know. */
export interface Subject {
  request: AdmissionRequest
  pod: Pod
  view: ClusterView
  policy: Policy
}
