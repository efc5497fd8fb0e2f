import { z } from 'zod'
import { optional } from '../api/schema/absent.ts'
import type { Allowed, Decision, Denied } from './decision.ts'
import type { Finding } from './finding.ts'

/**
 * The envelope of `admission.k8s.io/v1`, as far as rules read it. Objects stay unparsed: each rule parses the
 * part it reads.
 */
export const admissionReview = z.compile(
  z.object({
    apiVersion: z.literal('admission.k8s.io/v1'),
    kind: z.literal('AdmissionReview'),
    request: z.object({
      uid: z.string().min(1),
      resource: z.object({ group: z.string(), version: z.string(), resource: z.string() }),
      subResource: optional(z.string()),
      operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
      name: optional(z.string()),
      namespace: optional(z.string()),
      /** The user who sent the request, as the API server authenticated it. The object cannot fake this. */
      userInfo: optional(z.object({ username: optional(z.string()) })).transform(user => ({
        username: user?.username ?? '',
      })),
      dryRun: optional(z.boolean()),
      object: optional(z.unknown()),
      oldObject: optional(z.unknown()),
    }),
  }),
)

export type AdmissionReview = z.infer<typeof admissionReview>
export type AdmissionRequest = AdmissionReview['request']

/**
 * The reply to a review. Only this file knows the response format. It echoes the uid; `patch` and `patchType`
 * appear together or not at all, as v1 demands; a denial lists its reasons as causes and in audit
 * annotations.
 */
export function respond(uid: string, decision: Decision) {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, ...(decision.allowed ? allowedResponse(decision) : deniedResponse(decision)) },
  }
}

function allowedResponse({ patch, warnings }: Allowed) {
  return {
    allowed: true,
    ...(patch.length > 0 && {
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    }),
    ...(warnings.length > 0 && {
      warnings: theFirst(warnings).map(({ violation: { reason, text } }) => `${reason}: ${text}`),
    }),
  }
}

/** We list this many findings at most, and say how many more there are. */
const MAX_FINDINGS = 16

function deniedResponse({ findings: all }: Denied) {
  const reasons = [...new Set(all.map(({ violation }) => violation.reason))]
  const findings = theFirst(all)
  const more = all.length > findings.length ? `; and ${all.length - findings.length} more` : ''
  return {
    allowed: false,
    status: {
      status: 'Failure',
      code: reasons.includes('InternalError') ? 500 : 403,
      reason: reasons.includes('InternalError') ? 'InternalError' : 'Forbidden',
      message: findings.map(({ violation: { reason, text } }) => `${reason}: ${text}`).join('; ') + more,
      details: {
        causes: findings.map(({ violation: { reason, field, text } }) => ({ reason, field, message: text })),
      },
    },
    auditAnnotations: { reason: reasons.join(',') },
  }
}

/** The findings to list: one finding of each reason comes first. */
function theFirst(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= MAX_FINDINGS) return findings
  const ofEachReason = new Map(findings.toReversed().map(finding => [finding.violation.reason, finding]))
  const told = new Set([...new Set([...ofEachReason.values(), ...findings])].slice(0, MAX_FINDINGS))
  return findings.filter(finding => told.has(finding))
}
