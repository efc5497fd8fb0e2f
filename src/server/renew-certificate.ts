import { Server } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { AdmissionServerOptions } from './admission-server.ts'

/**
 * Serves new connections with another certificate, and accepts clients of another CA. Open connections stay
 * as they are. The TLS version must be repeated, because a new context does not inherit it.
 */
export function renewCertificate({ server }: FastifyInstance, tls: AdmissionServerOptions['tls']): void {
  if (!(server instanceof Server)) throw new TypeError('the server does not speak TLS')
  server.setSecureContext({ ...tls, minVersion: 'TLSv1.2' })
}
