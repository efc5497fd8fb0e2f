/**
 * A `metav1.Status`: the body of every reply that is not an AdmissionReview, as API server clients expect it.
 */
export function status(code: number, reason: string, message: string) {
  return { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message }
}
