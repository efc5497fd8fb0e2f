import type { AdmissionRequest } from '../admission/admission-review.ts'
import { allow, decide as decideFindings } from '../admission/decision.ts'
import { validateJob } from '../admission/job/validate.ts'
import type { Rules } from '../admission/rules.ts'
import { strayReferences } from '../admission/workload/annotation-not-on-template.ts'
import { asksForCaches, type PodTemplate, podTemplates } from '../admission/workload/pod-templates.ts'
import { validateWorkload } from '../admission/workload/validate.ts'
import { job as jobSchema } from '../api/kubernetes/job.ts'
import { CACHES } from '../api/names.ts'
import type { Operation } from '../injection/json-patch.ts'
import { members } from './manifest.ts'
import { concernsCaches, isAnnotated, usesManagedClaim } from './match-conditions.ts'
import { readOnlyPolicy } from './policies.ts'
import { podRequest } from './request.ts'
import { NOTHING, type ReviewContext, reviewPod } from './review-pod.ts'
import { findingsOf, type ReviewFinding, type ReviewResult } from './verdict.ts'

/**
 * Treats a workload as the API server does, and then its pods. What is injected into them appears as a patch
 * of the templates. If a pod is denied for something that the rules for workloads do not report, that is a
 * warning, or any denial if the webhook is never called for that kind.
 */
export async function reviewWorkload(
  request: AdmissionRequest,
  context: ReviewContext,
  { isHeard = true } = {},
): Promise<ReviewResult> {
  const templates = podTemplates(request.resource.resource, request.object)
  if (!concerns(request.object, templates)) return NOTHING
  if (templates.length === 0) return { findings: [WITHOUT_TEMPLATE], patch: [] }

  const findings: ReviewFinding[] = []
  for (const rule of rulesFor(request, templates, context)) {
    const found = findingsOf(await context.decide(rule, request), context.advise)
    findings.push(...(isHeard ? found : found.map(asWarning)))
    // A denied workload is not checked further, and creates no pods.
    if (findings.some(({ severity }) => severity === 'error')) return { findings, patch: [] }
  }
  const patch: Operation[] = []
  const isOfJob = request.resource.resource === 'jobs'
  for (const template of templates.filter(({ isWhole }) => isWhole)) {
    const pods = await reviewPod(podRequest(request, podOf(template)), context, { isOfJob })
    patch.push(...pods.patch.map(operation => ({ ...operation, path: template.pointer + operation.path })))
    findings.push(...pods.findings.filter(isNewTo(findings)).map(finding => ofPods(template, finding)))
  }
  const unseen = templates.filter(template => !template.isWhole && asksForCaches(template))
  return { findings: [...findings, ...unseen.map(notJudged)], patch }
}

/** Whether a webhook is called for it at all, for the object or for its pods. */
function concerns(object: unknown, templates: PodTemplate[]): boolean {
  if (strayReferences(object).some(value => value !== undefined) || isAnnotated(object)) return true
  return templates.some(template => asksForCaches(template) || concernsCaches(template.raw))
}

/** The rules that the API server runs for a workload, in order. */
function rulesFor(
  { resource }: AdmissionRequest,
  templates: PodTemplate[],
  { policy }: ReviewContext,
): Rules[] {
  const isJob = resource.resource === 'jobs' && templates.some(({ raw }) => usesManagedClaim(raw))
  const job: Rules = (asked, view) => validateJob(asked, view, policy)
  return isJob ? [jobPolicy, job, validateWorkload] : [validateWorkload]
}

const jobPolicy: Rules = ({ object }) => {
  const parsed = jobSchema.safeParse(object)
  if (!parsed.success) return allow()
  return decideFindings(readOnlyPolicy(parsed.data.spec.template.spec, false, " of the Job's template"))
}

const WITHOUT_TEMPLATE: ReviewFinding = {
  reason: 'SpecInvalid',
  severity: 'error',
  field: 'spec',
  message: 'the workload has no pod template, and the API server rejects it without one',
}

/** The pod that a template creates, except for the name that its controller gives it. */
function podOf({ raw }: PodTemplate): object {
  const template = members.safeParse(raw).data ?? {}
  return { apiVersion: 'v1', kind: 'Pod', ...template, metadata: template.metadata ?? {} }
}

/** The rules for workloads and for pods share their reasons. */
function isNewTo(told: readonly ReviewFinding[]): (finding: ReviewFinding) => boolean {
  const reasons = new Set(told.map(({ reason }) => reason))
  return ({ reason }) => !reasons.has(reason)
}

/**
 * A workload is stored even if its pods are denied. Only something that is no template at all is denied with
 * it.
 */
function ofPods({ path }: PodTemplate, finding: ReviewFinding): ReviewFinding {
  const { reason, severity, field, message } = finding
  const place = { ...finding, field: `${path}.${field}` }
  if (severity === 'error' && reason === 'SpecInvalid') return { ...place, message: `${path}: ${message}` }
  return severity === 'error'
    ? { ...asWarning(finding), field: place.field, message: `${path}: its pods are denied:  ${message}` }
    : { ...place, message: `${path}: ${message}` }
}

function asWarning(finding: ReviewFinding): ReviewFinding {
  if (finding.severity === 'warning') return finding
  return { ...finding, severity: 'warning', message: `its pods are denied:  ${finding.message}` }
}

/** Its controller creates the pods in its own way, such as from another object. */
function notJudged({ path }: PodTemplate): ReviewFinding {
  return {
    reason: 'KindNotJudged',
    severity: 'warning',
    field: path === '' ? 'metadata.annotations' : path,
    message: `annotation ${CACHES} cannot be reviewed here, because this object does not show which pods its controller creates; review those pods (kubectl get pods -o yaml | modelcache review -f -)`,
  }
}
