import { type Authority, MAX_LEAF_LIFETIME_MS, type PreviousCA } from './authority.ts'
import { BACKDATE_MS, type KeyedCertificate } from './issue.ts'
import { readCertificate } from './verify.ts'

/**
 * Longer than the life of a leaf: its replica may have learned late that another CA signs now, and clocks
 * differ.
 */
const TRUSTED_AFTER_MS = MAX_LEAF_LIFETIME_MS + BACKDATE_MS

/** The next action. Each one is a single write of the Secret. */
export type RotationStep =
  /** Add a fresh CA that is trusted but does not sign yet. */
  | { readonly kind: 'introduce'; readonly why: 'age' | 'asked' | 'next CA unusable' }
  /** Let the next CA sign. The present one stays trusted. */
  | { readonly kind: 'promote' }
  /** Note until when previous CAs are trusted, and drop those whose time is over. */
  | { readonly kind: 'retire' }

/** What decides about a step. Times are in milliseconds, and `now` counts from the epoch. */
export interface RotationInput {
  readonly authority: Authority
  readonly nextProblem: string | undefined
  /** Whether somebody has asked for a rotation that has not started yet. */
  readonly asked: boolean
  /**
   * How long every webhook has shown the whole bundle without a break, by a clock that nobody can set;
   * undefined if one webhook does not show it now.
   */
  readonly trustedForMs: number | undefined
  /** How long that must be before every API server knows the bundle. */
  readonly settleMs: number
  readonly now: number
}

/**
 * The next step of a rotation; undefined if there is nothing to do. Pure, and correct from every state that a
 * Secret may be in.
 */
export function rotationStep(input: RotationInput): RotationStep | undefined {
  const { authority, now } = input
  if (authority.next !== undefined) {
    // A rotation that has started is finished first. A later request waits for it.
    if (input.trustedForMs !== undefined && input.trustedForMs >= input.settleMs) return { kind: 'promote' }
  } else if (input.nextProblem !== undefined) return { kind: 'introduce', why: 'next CA unusable' }
  else if (input.asked) return { kind: 'introduce', why: 'asked' }
  else if (now >= renewalOf(authority.signer)) return { kind: 'introduce', why: 'age' }
  return isSettled(authority.previous, now) ? undefined : { kind: 'retire' }
}

/** The authority after that step. `fresh` is the CA to introduce. */
export function introduced(authority: Authority, fresh: KeyedCertificate, now: number): Authority {
  return { ...authority, next: fresh, previous: stillTrusted(authority.previous, now) }
}

export function promoted(authority: Authority, now: number): Authority {
  const { signer, next, previous } = authority
  if (next === undefined) return authority
  const retired = { certPem: signer.certPem, trustedUntil: undefined }
  return { signer: next, next: undefined, previous: stillTrusted([retired, ...previous], now) }
}

export function retired(authority: Authority, now: number): Authority {
  return { ...authority, previous: stillTrusted(authority.previous, now) }
}

/**
 * An authority whose signer was lost. What was trusted stays trusted for the usual time, and a fresh CA signs
 * at once.
 */
export function replaced(trusted: readonly PreviousCA[], fresh: KeyedCertificate, now: number): Authority {
  return { signer: fresh, next: undefined, previous: stillTrusted(trusted, now) }
}

/** When two thirds of its life are over. */
function renewalOf({ certPem }: KeyedCertificate): number {
  const cert = readCertificate(certPem)
  if (cert === undefined) return 0
  const begin = cert.validFromDate.getTime() + BACKDATE_MS
  return begin + (2 / 3) * (cert.validToDate.getTime() - begin)
}

function isSettled(previous: readonly PreviousCA[], now: number): boolean {
  const kept = stillTrusted(previous, now)
  return (
    kept.length === previous.length && kept.every((ca, i) => ca.trustedUntil === previous[i]?.trustedUntil)
  )
}

function stillTrusted(previous: readonly PreviousCA[], now: number): PreviousCA[] {
  const latest = now + TRUSTED_AFTER_MS
  return (
    previous
      .filter(({ trustedUntil }) => trustedUntil === undefined || trustedUntil > now)
      // A time far beyond that was written by a clock that was ahead.
      .map(({ certPem, trustedUntil }) => ({
        certPem,
        trustedUntil:
          trustedUntil === undefined || trustedUntil > latest + BACKDATE_MS ? latest : trustedUntil,
      }))
  )
}
