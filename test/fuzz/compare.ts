import { isDeepStrictEqual } from 'node:util'
import type { Verdict } from './oracle/verdict.ts'

/**
 * Where the product and the oracle disagree; undefined if they agree.
 *
 * Verdict and effect must be equal. Reasons of a ModelCache or a Job, and ClaimWritable, must be given
 * exactly if they are true. If a pod or a template is wrong in several ways, DESIGN does not say which one to
 * report, so any true reasons will do.
 */
export function disagreement(webhook: string, expected: Verdict, found: Verdict): string | undefined {
  if (expected.isReview !== found.isReview) return `is ${found.isReview ? '' : 'not '}taken for a review`
  if (!expected.isReview) return undefined
  if (expected.allowed !== found.allowed) {
    return expected.allowed
      ? `denied for ${show(found.reasons)}, but nothing is wrong`
      : `allowed, but ${show(expected.reasons)} is true`
  }
  if (!agree(webhook, expected.reasons, found.reasons))
    return `denied for ${show(found.reasons)}, but true is ${show(expected.reasons)}`
  if (!expected.allowed) return undefined
  if (!isDeepStrictEqual(found.object, expected.object)) return 'another object comes out'
  return warningsDiffer(expected.warnings, found.warnings)
}

function agree(webhook: string, expected: Set<string>, told: Set<string>): boolean {
  const untold = [...expected].filter(reason => !told.has(reason))
  if (![...told].every(reason => expected.has(reason)) || (told.size === 0 && expected.size > 0)) return false
  const mayStayUntold = (reason: string) => webhook !== 'validate-modelcaches' && reason !== 'ClaimWritable'
  return untold.every(mayStayUntold)
}

/** The oracle does not repeat a guess from command lines. */
const GUESS = 'ModelPathMismatch'

function warningsDiffer(expected: Set<string> | undefined, found = new Set<string>()): string | undefined {
  if (expected === undefined) return undefined
  const told = new Set([...found].filter(reason => reason !== GUESS))
  return isDeepStrictEqual(told, expected)
    ? undefined
    : `warned of ${show(told)}, but true is ${show(expected)}`
}

function show(reasons: Set<string>): string {
  return [...reasons].toSorted().join(' and ') || 'nothing'
}
