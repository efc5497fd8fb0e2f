import type { Violation } from '../api/violation.ts'
import type { Operation } from '../injection/json-patch.ts'
import type { ObjectRef } from './cluster-view.ts'
import { error, type Finding } from './finding.ts'

export interface Allowed {
  allowed: true
  /** Additions to the object; empty where there is nothing to do. */
  patch: readonly Operation[]
  /** What kubectl prints as `Warning:`, a line each. */
  warnings: readonly Finding[]
  /** What the permission rests on, where that is the absence of something. Mostly empty: then it costs no I/O. */
  basis: readonly ObjectRef[]
}

export interface Denied {
  allowed: false
  /** At least one. */
  findings: readonly [Finding, ...Finding[]]
}

/** The verdict on one request. */
export type Decision = Allowed | Denied

export function allow(given: Partial<Omit<Allowed, 'allowed'>> = {}): Allowed {
  return { allowed: true, patch: [], warnings: [], basis: [], ...given }
}

/** What findings lead to: a denial where there is an error, else a permission with the warnings. */
export function decide(
  findings: readonly Finding[],
  given: Partial<Omit<Allowed, 'allowed'>> = {},
): Decision {
  const [first, ...rest] = findings.filter(({ severity }) => severity === 'error')
  if (first !== undefined) return { allowed: false, findings: [first, ...rest] }
  return allow({ ...given, warnings: findings })
}

export function deny(violation: Violation, basis: readonly ObjectRef[] = []): Denied {
  return { allowed: false, findings: [error(violation, basis)] }
}

/** The objects that a decision rests on: what it says is missing, or not as it must be. */
export function basisOf(decision: Decision): ObjectRef[] {
  const findings = decision.allowed ? decision.warnings : decision.findings
  const ofFindings = findings.flatMap(({ basis }) => [...basis])
  return decision.allowed ? [...decision.basis, ...ofFindings] : ofFindings
}
