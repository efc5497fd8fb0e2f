import jsonpatch from 'fast-json-patch'
import type { AdmissionRequest } from '../admission/admission-review.ts'
import { decide as decideFindings } from '../admission/decision.ts'
import type { Finding } from '../admission/finding.ts'
import { mutatePod } from '../admission/pod/mutate.ts'
import { validatePod } from '../admission/pod/validate.ts'
import type { Policy } from '../admission/policy.ts'
import { pod } from '../api/kubernetes/pod.ts'
import { CACHE_READY_GATE } from '../api/names.ts'
import type { Operation } from '../injection/json-patch.ts'
import type { Decide } from './decide.ts'
import { concernsCaches } from './match-conditions.ts'
import { readOnlyPolicy } from './policies.ts'
import { type Advise, findingsOf, type ReviewResult } from './verdict.ts'

/** What a review needs besides the object. */
export interface ReviewContext {
  decide: Decide
  policy: Policy
  advise: Advise
}

/** The result for an object that has nothing to do with caches. */
export const NOTHING: ReviewResult = { findings: [], patch: [] }

/**
 * Treats a pod as the API server does: injection changes it, and then policies and webhooks check the result.
 * Policies let the Job controller through, because they have already checked its Jobs.
 */
export async function reviewPod(
  request: AdmissionRequest,
  context: ReviewContext,
  { isOfJob = false } = {},
): Promise<ReviewResult> {
  const { decide, policy, advise } = context
  if (!concernsCaches(request.object)) return NOTHING
  const mutated = await decide(mutatePod, request)
  if (!mutated.allowed) return { findings: findingsOf(mutated, advise), patch: [] }
  const object = applied(request.object, mutated.patch)
  const deniedByPolicy = policiesOn(object, isOfJob)
  if (deniedByPolicy.length > 0)
    return { findings: findingsOf(decideFindings(deniedByPolicy), advise), patch: [] }
  const validated = await decide((asked, view) => validatePod(asked, view, policy), { ...request, object })
  return {
    findings: [mutated, validated].flatMap(decision => findingsOf(decision, advise)),
    patch: mutated.patch,
  }
}

function policiesOn(object: unknown, isOfJob: boolean): Finding[] {
  const parsed = isOfJob ? undefined : pod.safeParse(object)
  if (!parsed?.success) return []
  const { spec } = parsed.data
  const waits = spec.schedulingGates?.some(({ name }) => name === CACHE_READY_GATE) === true
  return readOnlyPolicy(spec, waits)
}

function applied(object: unknown, patch: readonly Operation[]): unknown {
  if (patch.length === 0) return object
  // The copy also separates objects that a YAML alias has made one.
  return jsonpatch.applyPatch(jsonpatch.deepClone(object), patch).newDocument
}
