import type { Decision } from '../admission/decision.ts'
import type { Finding } from '../admission/finding.ts'
import type { Reason } from '../api/reasons.ts'
import type { Operation } from '../injection/json-patch.ts'
import type { Manifest } from './manifest.ts'

/** `warned` is admitted, with warnings. */
export type Verdict = 'admitted' | 'warned' | 'denied'

/** What a rule says about an object. An error denies it, and a warning does not. */
export interface ReviewFinding {
  reason: Reason
  severity: 'error' | 'warning'
  field: string
  message: string
}

/** What was found in one object, and what would be injected into it. */
export interface ReviewResult {
  findings: readonly ReviewFinding[]
  patch: readonly Operation[]
}

/** The result for one object of the input. */
export interface Reviewed extends ReviewResult {
  manifest: Manifest
  verdict: Verdict
}

/** Adds to a message what to do about it here, where a cluster is described and not running. */
export type Advise = (finding: Finding) => string

/** The findings of a decision. Those of a denial are errors. */
export function findingsOf(decision: Decision, advise: Advise): ReviewFinding[] {
  const severity = decision.allowed ? 'warning' : 'error'
  const findings = decision.allowed ? decision.warnings : decision.findings
  return findings.map(finding => {
    const { reason, field, text } = finding.violation
    return { reason, severity, field, message: `${text}${advise(finding)}` }
  })
}

/** Nothing is injected into a denied object. */
export function reviewed(manifest: Manifest, { findings, patch }: ReviewResult): Reviewed {
  const denied = findings.some(({ severity }) => severity === 'error')
  const verdict = denied ? 'denied' : findings.length > 0 ? 'warned' : 'admitted'
  return { manifest, verdict, findings, patch: denied ? [] : patch }
}
