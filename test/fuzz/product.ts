import { Buffer } from 'node:buffer'
import jsonpatch from 'fast-json-patch'
import { z } from 'zod'
import { admissionReview, respond } from '../../src/admission/admission-review.ts'
import type { ClusterView } from '../../src/admission/cluster-view.ts'
import { validateJob } from '../../src/admission/job/validate.ts'
import { validateModelCache } from '../../src/admission/modelcache/validate.ts'
import { mutatePod } from '../../src/admission/pod/mutate.ts'
import { validatePod } from '../../src/admission/pod/validate.ts'
import type { Rules } from '../../src/admission/rules.ts'
import { validateWorkload } from '../../src/admission/workload/validate.ts'
import { JOB_CONTROLLERS, OUR_CONTROLLER } from './oracle/claim-writable.ts'
import type { Choices } from './oracle/cluster.ts'
import { at } from './oracle/json.ts'
import type { Verdict } from './oracle/verdict.ts'

/** The product's webhooks by name, as an administrator has configured them. */
export function rulesUnder({ unknownProvisioner, clusterName }: Choices): Record<string, Rules> {
  const policy = {
    unknownProvisioner,
    clusterName,
    jobControllers: JOB_CONTROLLERS,
    controllerUser: OUR_CONTROLLER,
  }
  return {
    'mutate-pods': mutatePod,
    'validate-pods': (request, view) => validatePod(request, view, policy),
    'validate-jobs': (request, view) => validateJob(request, view, policy),
    'validate-workloads': validateWorkload,
    'validate-modelcaches': (request, view) => validateModelCache(request, view, policy),
  }
}

const reply = z.object({
  response: z.object({
    uid: z.string(),
    allowed: z.boolean(),
    patch: z.string().optional(),
    warnings: z.array(z.string()).default([]),
    status: z.object({ details: z.object({ causes: z.array(z.object({ reason: z.string() })) }) }).optional(),
  }),
})
const operations = z.array(z.object({ op: z.literal('add'), path: z.string(), value: z.unknown() }))

/**
 * What the product says about a review, on the path of a request behind the server. Throws if that throws.
 */
export function ask(webhook: string, review: unknown, view: ClusterView, choices: Choices): Verdict {
  const object = at(review, 'request', 'object')
  const parsed = admissionReview.safeParse(review)
  if (!parsed.success) return { isReview: false, allowed: false, reasons: new Set(), object }
  const rules = rulesUnder(choices)[webhook]
  if (rules === undefined) throw new Error(`no webhook ${webhook}`)
  const { request } = parsed.data
  return verdictOf(JSON.parse(JSON.stringify(respond(request.uid, rules(request, view)))), review)
}

/** The verdict in a reply, with the object after the patch, as the API server would apply it. */
export function verdictOf(answer: unknown, review: unknown): Verdict {
  const object = at(review, 'request', 'object')
  const { response } = reply.parse(answer)
  if (response.uid !== at(review, 'request', 'uid')) throw new Error('the reply has another uid')
  const patch = operations.parse(
    response.patch === undefined ? [] : JSON.parse(Buffer.from(response.patch, 'base64').toString()),
  )
  return {
    isReview: true,
    allowed: response.allowed,
    reasons: new Set(response.status?.details.causes.map(({ reason }) => reason)),
    warnings: new Set(response.warnings.map(warning => warning.split(':')[0] ?? '')),
    object:
      patch.length === 0 ? object : jsonpatch.applyPatch(structuredClone(object), patch, true).newDocument,
  }
}
