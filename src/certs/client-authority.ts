import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { reread } from './reread.ts'
import { readCertificates } from './verify.ts'

/** The CAs that sign the certificates of API servers, the only clients that may call the webhook. */
export interface ClientAuthority {
  /** PEM. */
  current(): string
  /** Calls the listener with each bundle after the first one. */
  onChange(listener: (caPem: string) => void): void
}

/**
 * The CAs in a PEM file, read again every ten seconds. If the file has no certificate, the last bundle stays
 * in use and the log says why.
 *
 * @throws Error at the start, if the file has no certificate.
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
    if (certificates.length === 0) throw new Error(`${file} has no readable certificate`)
    const bundle = certificates.join('')
    if (bundle === current) return
    current = bundle
    logger.info({ file, certificates: certificates.length }, 'loaded the CAs of clients')
    for (const listener of listeners) listener(bundle)
  }, options)
  return { current: () => current, onChange: listener => listeners.push(listener) }
}
