import { DAY_MS, type KeyedCertificate } from './issue.ts'
import { readCertificate } from './verify.ts'

/** The CA of the webhook: its present, its future while a rotation is under way, and its past. */
export interface Authority {
  /** Signs the serving certificates. */
  readonly signer: KeyedCertificate
  /** Trusted already, and signs once everybody trusts it. */
  readonly next: KeyedCertificate | undefined
  /** Sign no more, and are trusted for as long as what they signed may be served. */
  readonly previous: readonly PreviousCA[]
}

export interface PreviousCA {
  readonly certPem: string
  /** Milliseconds since the epoch; undefined where nobody has said yet. */
  readonly trustedUntil: number | undefined
}

/** How long a CA signs and is trusted if nothing else is asked for. */
export const CA_LIFETIME_MS = 365 * DAY_MS

/** The longest that a serving certificate lasts: nothing that a CA signed is served for longer. */
export const MAX_LEAF_LIFETIME_MS = 7 * DAY_MS

/** Every certificate that clients of the webhook are to trust, PEM: the content of `caBundle`. */
export function trustBundle({ signer, next, previous }: Authority): string {
  return [signer, ...(next === undefined ? [] : [next]), ...previous].map(({ certPem }) => certPem).join('')
}

/** What names a certificate in logs and records: the SHA-256 of it, in colons and upper-case hex. */
export function fingerprint(certPem: string): string {
  return readCertificate(certPem)?.fingerprint256 ?? ''
}
