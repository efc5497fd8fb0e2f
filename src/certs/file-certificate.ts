import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { isoEnd } from './authority-watch.ts'
import type { KeyedCertificate } from './issue.ts'
import { reread } from './reread.ts'
import { createServingCertificate, type ServingCertificate } from './serving-certificate.ts'
import { servingProblem } from './verify.ts'

export interface FileCertificateOptions {
  readonly certFile: string
  readonly keyFile: string
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

/**
 * The serving certificate in two PEM files, read again every ten seconds. If the new pair cannot be used, the
 * last pair stays in use and the log says why.
 *
 * @throws Error at the start, if no pair can be used.
 */
export function fileCertificate(options: FileCertificateOptions): ServingCertificate {
  const { certFile, keyFile, logger, signal, clock = Date.now } = options
  const serving = createServingCertificate(signal)

  const read = (): KeyedCertificate => ({
    certPem: readFileSync(certFile, 'utf8'),
    keyPem: readFileSync(keyFile, 'utf8'),
  })
  const load = (): void => {
    const pair = read()
    const problem = servingProblem(pair, clock())
    // Check the pair in use too: nobody may have renewed it in time.
    if (problem !== undefined) throw new Error(`${certFile} and ${keyFile}: ${problem}`)
    const current = serving.current()
    if (pair.certPem === current?.certPem && pair.keyPem === current.keyPem) return
    serving.publish(pair)
    logger.info({ certFile, notAfter: isoEnd(pair.certPem) }, 'loaded a certificate')
  }

  reread(load, { logger, signal })
  return serving
}
