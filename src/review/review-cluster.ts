import { validateInferenceCluster } from '../admission/inference-cluster/validate.ts'
import { inferenceCluster } from '../api/inference-cluster.ts'
import { invalidMetadata } from './invalid-metadata.ts'
import type { Manifest } from './manifest.ts'
import { requestFor } from './request.ts'
import type { ReviewContext } from './review-pod.ts'
import { unknownFields } from './unknown-fields.ts'
import { findingsOf, type ReviewFinding, type ReviewResult } from './verdict.ts'

/** Treats an InferenceCluster as the API server does. */
export async function reviewCluster(
  manifest: Manifest,
  resource: string,
  context: ReviewContext,
): Promise<ReviewResult> {
  const request = requestFor(manifest, resource)
  const decision = await context.decide(validateInferenceCluster, request)
  const byServer = [
    ...invalidMetadata(manifest, []),
    ...unknownFields(request.object, inferenceCluster, 'inferencecluster'),
  ].map(({ reason, field, text }): ReviewFinding => ({ reason, severity: 'error', field, message: text }))
  return { findings: [...findingsOf(decision, context.advise), ...byServer], patch: [] }
}
