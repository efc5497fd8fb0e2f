import type { AdmissionRequest } from '../admission/admission-review.ts'
import { validateJob } from '../admission/job/validate.ts'
import type { Rules } from '../admission/rules.ts'
import { type PodTemplate, podTemplates } from '../admission/workload/pod-templates.ts'
import { validateWorkload } from '../admission/workload/validate.ts'
import type { Operation } from '../injection/json-patch.ts'
import { type Court, judgePod, NOTHING } from './judge-pod.ts'
import { members } from './manifest.ts'
import { isAnnotated, isWatchedNamespace, usesManagedClaim } from './match-conditions.ts'
import { podRequest } from './request.ts'
import { findingsOf, type Judgement, type ReviewFinding } from './verdict.ts'

/**
 * A workload as the API server treats it, and then what becomes of its pods: what is injected into them is a patch of their templates, and
 * why they are refused, where the rules for workloads do not say so, is a warning.
 */
export async function judgeWorkload(request: AdmissionRequest, court: Court): Promise<Judgement> {
  const { decide, policy, advise } = court
  const templates = podTemplates(request.resource.resource, request.object)
  if (!isWatchedNamespace(request.namespace ?? '')) return NOTHING
  if (templates.length === 0)
    return isAnnotated(request.object) ? { findings: [WITHOUT_TEMPLATE], patch: [] } : NOTHING

  const job: Rules = (asked, view) => validateJob(asked, view, policy)
  const isJobOfCaches =
    request.resource.resource === 'jobs' && templates.some(({ raw }) => usesManagedClaim(raw))
  const rules = isJobOfCaches ? [job, validateWorkload] : [validateWorkload]
  const findings: ReviewFinding[] = []
  for (const rule of rules) findings.push(...findingsOf(await decide(rule, request), advise))
  // A workload that is denied makes no pods.
  if (findings.some(({ severity }) => severity === 'error')) return { findings, patch: [] }
  const patch: Operation[] = []
  for (const template of templates) {
    const pods = await judgePod(podRequest(request, podOf(template)), court)
    patch.push(...pods.patch.map(operation => inTemplate(template, operation)))
    findings.push(...pods.findings.filter(isNewTo(findings)).map(finding => ofPods(template, finding)))
  }
  return { findings, patch }
}

const WITHOUT_TEMPLATE: ReviewFinding = {
  reason: 'SpecInvalid',
  severity: 'error',
  field: 'spec',
  message: 'the workload has no pod template; without one the API server refuses it',
}

/** The pod that a template makes, but for the name that its controller gives it. */
function podOf({ raw }: PodTemplate): object {
  const template = members.safeParse(raw).data ?? {}
  return { apiVersion: 'v1', kind: 'Pod', ...template, metadata: template.metadata ?? {} }
}

function inTemplate({ path }: PodTemplate, operation: Operation): Operation {
  return { ...operation, path: `/${path.replaceAll('.', '/')}${operation.path}` }
}

/** The rules for workloads and those for pods share their reasons. */
function isNewTo(told: readonly ReviewFinding[]): (finding: ReviewFinding) => boolean {
  const reasons = new Set(told.map(({ reason }) => reason))
  return ({ reason }) => !reasons.has(reason)
}

/** A workload whose pods are refused is stored all the same; only what is no template at all is refused with it. */
function ofPods({ path }: PodTemplate, { reason, severity, field, message }: ReviewFinding): ReviewFinding {
  const isError = severity === 'error' && reason === 'SpecInvalid'
  return {
    reason,
    severity: isError ? 'error' : 'warning',
    field: `${path}.${field}`,
    message: severity === 'error' ? `${path}: its pods are refused: ${message}` : `${path}: ${message}`,
  }
}
