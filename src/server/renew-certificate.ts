import { Server } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { AdmissionServerOptions } from './admission-server.ts'

/**
 * Serves new connections with another certificate from now on, and lets in clients of another CA; those that are open
 * stay as they are. The TLS version has to be said again: a new context does not take it over.
 */
export function renewCertificate({ server }: FastifyInstance, tls: AdmissionServerOptions['tls']): void {
  if (!(server instanceof Server)) throw new TypeError('the server does not speak TLS')
  server.setSecureContext({ ...tls, minVersion: 'TLSv1.2' })
}
