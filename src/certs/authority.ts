import { DAY_MS, type KeyedCertificate } from './issue.ts'
import { readCertificate } from './verify.ts'

/** The CA of the webhook: its present, its future while a rotation is under way, and its past. */
export interface Authority {
  /** The CA that signs the serving certificates. */
  readonly signer: KeyedCertificate
  /** Already trusted. It will sign once everybody trusts it. */
  readonly next: KeyedCertificate | undefined
  /** These no longer sign. They stay trusted as long as certificates that they signed may be served. */
  readonly previous: readonly PreviousCA[]
}

export interface PreviousCA {
  readonly certPem: string
  /** Milliseconds since the epoch; undefined if nobody has set it yet. */
  readonly trustedUntil: number | undefined
}

/** How long a CA signs and is trusted by default. */
export const CA_LIFETIME_MS = 365 * DAY_MS

/** The longest life of a serving certificate. Nothing that a CA signed is served longer. */
export const MAX_LEAF_LIFETIME_MS = 7 * DAY_MS

/** All certificates that clients of the webhook must trust, in PEM: the content of `caBundle`. */
export function trustBundle({ signer, next, previous }: Authority): string {
  return [signer, ...(next === undefined ? [] : [next]), ...previous].map(({ certPem }) => certPem).join('')
}

/** Identifies a certificate in logs and records: its SHA-256 in upper-case hex with colons. */
export function fingerprint(certPem: string): string {
  return readCertificate(certPem)?.fingerprint256 ?? ''
}
