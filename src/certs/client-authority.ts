import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { reread } from './reread.ts'
import { readCertificates } from './verify.ts'

/** The CAs that sign the certificates of those who may call the webhook: API servers, and nobody else. */
export interface ClientAuthority {
  /** PEM. */
  current(): string
  /** Calls the listener with each bundle after the first. */
  onChange(listener: (caPem: string) => void): void
}

/**
 * The CAs in a PEM file, read again every ten seconds. A file without a certificate is not used: the last bundle goes
 * on, and the log says why.
 *
 * @throws Error at the start, when there is no certificate in the file.
 */
export function clientAuthority(options: {
  file: string
  logger: Logger
  signal: AbortSignal
}): ClientAuthority {
  const { file, logger } = options
  const listeners: ((caPem: string) => void)[] = []
  let current = ''
  reread(() => {
    const certificates = readCertificates(readFileSync(file, 'utf8'))
    if (certificates.length === 0) throw new Error(`${file} has no certificate that can be read`)
    const bundle = certificates.join('')
    if (bundle === current) return
    current = bundle
    logger.info({ file, certificates: certificates.length }, 'loaded the CAs of clients')
    for (const listener of listeners) listener(bundle)
  }, options)
  return { current: () => current, onChange: listener => listeners.push(listener) }
}
