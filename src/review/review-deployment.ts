import { validateModelDeployment } from '../admission/modeldeployment/validate.ts'
import { modelDeployment } from '../api/modeldeployment.ts'
import { deploymentOf } from '../deployment/objects.ts'
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
  const decision = await context.decide(validateModelDeployment, request)
  const findings: ReviewFinding[] = [
    ...findingsOf(decision, context.advise),
    ...unknownFields(request.object, modelDeployment, 'modeldeployment').map(
      ({ reason, field, text }): ReviewFinding => ({ reason, severity: 'error', field, message: text }),
    ),
  ]
  const deployment = modelDeployment.safeParse(request.object).data
  if (deployment === undefined || findings.some(({ severity }) => severity === 'error'))
    return { findings, patch: [] }
  const workload = await reviewWorkload(
    {
      ...request,
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      object: deploymentOf(deployment),
    },
    context,
  )
  const known = new Set(findings.map(({ reason, message }) => `${reason} ${message}`))
  const more = workload.findings.filter(({ reason, message }) => !known.has(`${reason} ${message}`))
  return { findings: [...findings, ...more], patch: [] }
}
