import type { Violation } from '../api/violation.ts'
import type { Operation } from '../injection/jsonpatch.ts'
import type { ObjectRef } from './clusterview.ts'

/**
 * What a rule found. `basis` names the objects whose absence or state it rests on; the caller reads them live
 * and decides again before it gives this answer. Empty: the request alone decides.
 */
export interface Finding {
  violation: Violation
  basis: readonly ObjectRef[]
}

export interface Allowed {
  allowed: true
  /** Additions to the object; empty where there is nothing to do. */
  patch: readonly Operation[]
  /** Lines that kubectl prints as `Warning:`. */
  warnings: readonly Violation[]
}

export interface Denied {
  allowed: false
  /** At least one. */
  findings: readonly [Finding, ...Finding[]]
}

/** The verdict on one request. */
export type Decision = Allowed | Denied

export function allow(patch: readonly Operation[] = [], warnings: readonly Violation[] = []): Allowed {
  return { allowed: true, patch, warnings }
}

/** Denies when there is a finding; undefined when there is none. */
export function denyIfAny(findings: readonly Finding[]): Denied | undefined {
  const [first, ...rest] = findings
  return first ? { allowed: false, findings: [first, ...rest] } : undefined
}

export function deny(violation: Violation, basis: readonly ObjectRef[] = []): Denied {
  return { allowed: false, findings: [{ violation, basis }] }
}

/** The objects that a decision rests on: none for an allowed request. */
export function basisOf(decision: Decision): ObjectRef[] {
  return decision.allowed ? [] : decision.findings.flatMap(({ basis }) => [...basis])
}
