import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import { watchAuthority } from '../certs/authority-watch.ts'
import { fileCertificate } from '../certs/file-certificate.ts'
import { serviceDnsNames } from '../certs/issue.ts'
import { mintCertificate } from '../certs/minted-certificate.ts'
import type { ServingCertificate } from '../certs/serving-certificate.ts'
import { endOf } from '../certs/verify.ts'
import { exposeCertificates, type Metrics } from '../process/metrics.ts'

/** Where the certificate of the webhook comes from. */
export interface WebhookCertificateOptions {
  /** Undefined: it comes from the CA in the cluster. */
  readonly files: { certFile: string; keyFile: string } | undefined
  readonly namespace: string
  readonly service: string
  readonly lifetimeMs: number
  readonly config: KubeConfig
  readonly metrics: Metrics
  readonly logger: Logger
  readonly signal: AbortSignal
}

/**
 * The certificate that this replica of the webhook serves with.
 *
 * @throws Error if it must come from files that cannot be used.
 */
export function webhookCertificate(options: WebhookCertificateOptions): ServingCertificate {
  const { files, namespace, service, metrics } = options
  if (files !== undefined) {
    const serving = fileCertificate({ ...options, ...files })
    exposeCertificates(metrics, { serving: serving.expiresAt })
    return serving
  }
  const authority = watchAuthority(options)
  const serving = mintCertificate({ ...options, authority, dnsNames: serviceDnsNames(service, namespace) })
  const caEnd = () => endOf(authority.current()?.reading.authority?.signer.certPem ?? '')
  exposeCertificates(metrics, { serving: serving.expiresAt, ca: caEnd })
  return serving
}
