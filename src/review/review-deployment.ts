import type { AdmissionRequest } from '../admission/admission-review.ts'
import { allow } from '../admission/decision.ts'
import { asWorkload, servesHere, validateModelDeployment } from '../admission/modeldeployment/validate.ts'
import { modelDeployment } from '../api/modeldeployment.ts'
import type { Manifest } from './manifest.ts'
import { requestFor } from './request.ts'
import type { ReviewContext } from './review-pod.ts'
import { reviewWorkload } from './review-workload.ts'
import { unknownFields } from './unknown-fields.ts'
import { findingsOf, type ReviewFinding, type ReviewResult } from './verdict.ts'

/**
 * Treats a ModelDeployment as the API server does, and then the Deployment and the pods that it becomes. What
 * is injected into them is no patch of the ModelDeployment, so there is none.
 */
export async function reviewDeployment(
  manifest: Manifest,
  resource: string,
  context: ReviewContext,
): Promise<ReviewResult> {
  const request = requestFor(manifest, resource)
  const decision = await context.decide(
    (asked, view) => validateModelDeployment(asked, view, context.policy),
    request,
  )
  const findings: ReviewFinding[] = [
    ...findingsOf(decision, context.advise),
    ...unknownFields(request.object, modelDeployment, 'modeldeployment').map(
      ({ reason, field, text }): ReviewFinding => ({ reason, severity: 'error', field, message: text }),
    ),
  ]
  const deployment = modelDeployment.safeParse(request.object).data
  if (deployment === undefined || findings.some(({ severity }) => severity === 'error'))
    return { findings, patch: [] }
  let asked: AdmissionRequest | undefined
  await context.decide((_, view) => {
    if (servesHere(deployment, view, context.policy)) asked = asWorkload(request, deployment, undefined, view)
    return allow()
  }, request)
  if (asked === undefined) return { findings, patch: [] }
  const workload = await reviewWorkload(asked, context)
  const known = new Set(findings.map(({ reason, message }) => `${reason} ${message}`))
  const more = workload.findings.filter(({ reason, message }) => !known.has(`${reason} ${message}`))
  return { findings: [...findings, ...more], patch: [] }
}
