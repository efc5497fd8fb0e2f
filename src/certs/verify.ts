import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { errorMessage } from '../api/schema/text.ts'
import { BACKDATE_MS, type KeyedCertificate } from './issue.ts'

/** The first certificate in a PEM text; undefined if none can be read. */
export function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

/**
 * Every certificate in a PEM text, each once, in the form that OpenSSL writes. Unreadable ones are left out.
 */
export function readCertificates(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return [...new Set(blocks.flatMap(block => readCertificate(block)?.toString() ?? []))]
}

/**
 * Why a certificate and its key must not be used at `now` (milliseconds since the epoch); undefined if they
 * may. The text never contains anything of the key.
 */
export function pairProblem({ certPem, keyPem }: KeyedCertificate, now: number): string | undefined {
  const cert = readCertificate(certPem)
  if (cert === undefined) return 'the certificate cannot be read'
  if (!fits(cert, keyPem)) return 'the key does not belong to the certificate'
  if (now >= cert.validToDate.getTime()) return `the certificate expired at ${cert.validToDate.toISOString()}`
  // The clock of its issuer may be ahead of ours.
  if (now < cert.validFromDate.getTime() - BACKDATE_MS)
    return `the certificate is valid only from ${cert.validFromDate.toISOString()}`
  return undefined
}

/**
 * Why a pair must not be served at `now`; undefined if it may. TLS has demands of its own, such as the size
 * of keys, and it reads the rest of a chain.
 */
export function servingProblem(pair: KeyedCertificate, now: number): string | undefined {
  return pairProblem(pair, now) ?? tlsProblem(pair)
}

/** Why a CA must not sign at `now`; undefined if it may. */
export function caProblem(pair: KeyedCertificate, now: number): string | undefined {
  return (
    pairProblem(pair, now) ??
    (readCertificate(pair.certPem)?.ca ? undefined : 'the certificate is not a CA certificate')
  )
}

/** When a certificate ends, in milliseconds since the epoch; undefined if it cannot be read. */
export function endOf(certPem: string): number | undefined {
  return readCertificate(certPem)?.validToDate.getTime()
}

function tlsProblem({ certPem, keyPem }: KeyedCertificate): string | undefined {
  try {
    createSecureContext({ cert: certPem, key: keyPem })
    return undefined
  } catch (error) {
    return errorMessage(error)
  }
}

function fits(cert: X509Certificate, keyPem: string): boolean {
  try {
    return cert.checkPrivateKey(createPrivateKey(keyPem))
  } catch {
    return false
  }
}
