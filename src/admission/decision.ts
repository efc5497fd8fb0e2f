import type { Violation } from '../api/violation.ts'
import type { Operation } from '../injection/json-patch.ts'
import type { ObjectRef } from './cluster-view.ts'
import { error, type Finding } from './finding.ts'

export interface Allowed {
  allowed: true
  /** Changes to the object; empty if there are none. */
  patch: readonly Operation[]
  /** Lines that kubectl prints after `Warning:`. */
  warnings: readonly Finding[]
  /** Objects whose absence the permission rests on. Mostly empty, and then it costs no I/O. */
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

/** Turns findings into a verdict: any error denies; otherwise the request is allowed, with the warnings. */
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

/** The objects that a decision rests on: those that it calls missing or not as they must be. */
export function basisOf(decision: Decision): ObjectRef[] {
  const findings = decision.allowed ? decision.warnings : decision.findings
  const ofFindings = findings.flatMap(({ basis }) => basis)
  return decision.allowed ? [...decision.basis, ...ofFindings] : ofFindings
}
