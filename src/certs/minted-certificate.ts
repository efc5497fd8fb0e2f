import type { Logger } from 'pino'
import { startWorkQueue } from '../kube/work-queue.ts'
import { fingerprint } from './authority.ts'
import { type AuthorityWatch, isoEnd } from './authority-watch.ts'
import { BACKDATE_MS, DAY_MS, issueLeaf, type KeyedCertificate } from './issue.ts'
import { createServingCertificate, type ServingCertificate } from './serving-certificate.ts'
import { endOf, readCertificate, servingProblem } from './verify.ts'

/**
 * How often we look at the wall clock. A long timer does not notice that the machine slept or that its clock
 * was set.
 */
const CHECK_MS = 30_000

export interface MintOptions {
  readonly authority: Pick<AuthorityWatch, 'current' | 'onChange'>
  /** The names in the certificate, including the one that the API server calls. */
  readonly dnsNames: readonly string[]
  readonly lifetimeMs: number
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

/** A leaf in use, and what decides when to replace it. */
interface Minted {
  readonly signerPem: string
  readonly at: number
  readonly renewAt: number
}

/**
 * A serving certificate that only this replica has. The replica signs it with the shared CA and keeps its key
 * in memory. It is replaced at two thirds of its life and whenever another CA signs. While the CA cannot be
 * used, the last certificate stays in use.
 */
export function mintCertificate(options: MintOptions): ServingCertificate {
  const { authority, dnsNames, lifetimeMs, logger, signal, clock = Date.now } = options
  const serving = createServingCertificate(signal)
  let minted: Minted | undefined

  const mint = async (): Promise<void> => {
    const signer = authority.current()?.reading.authority?.signer
    const now = clock()
    if (signer === undefined || isGood(minted, signer, now)) return
    const leaf = await issueLeaf(signer, {
      commonName: 'modelcache-webhook',
      dnsNames,
      days: lifetimeMs / DAY_MS,
      usages: ['serverAuth'],
      now: new Date(now),
    })
    const problem = leafProblem(leaf, signer, now)
    if (problem !== undefined) throw new Error(`the minted certificate is unusable: ${problem}`)
    const end = endOf(leaf.certPem) ?? now
    serving.publish(leaf)
    minted = { signerPem: signer.certPem, at: now, renewAt: now + (2 / 3) * (end - now) }
    logger.info({ ca: fingerprint(signer.certPem), notAfter: isoEnd(leaf.certPem) }, 'minted a certificate')
  }

  const queue = startWorkQueue({ reconcile: mint, logger, signal })
  const look = () => queue.add('serving certificate')
  const stop = authority.onChange(look)
  const timer = setInterval(look, Math.min(CHECK_MS, lifetimeMs / 10)).unref()
  signal.addEventListener(
    'abort',
    () => {
      stop()
      clearInterval(timer)
    },
    { once: true },
  )
  look()
  return serving
}

function isGood(minted: Minted | undefined, signer: KeyedCertificate, now: number): boolean {
  if (minted?.signerPem !== signer.certPem) return false
  // Also replace it if the clock was set back so far that the certificate is not valid yet.
  return now >= minted.at - BACKDATE_MS && now < minted.renewAt
}

/** The library that serves the certificate checks it once more. */
function leafProblem(leaf: KeyedCertificate, signer: KeyedCertificate, now: number): string | undefined {
  const ca = readCertificate(signer.certPem)
  const cert = readCertificate(leaf.certPem)
  if (ca === undefined || !cert?.checkIssued(ca) || !cert.verify(ca.publicKey))
    return 'it is not signed by the CA'
  return servingProblem(leaf, now)
}
