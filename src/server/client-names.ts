import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { quote } from '../api/schema/text.ts'
import { status } from './status.ts'

/**
 * Answers 403 to a client whose certificate has none of these common names, before its body is read. The CA
 * of a cluster also signs for kubelets and people, and TLS only checks who signed.
 */
export function admitClients(app: FastifyInstance, names: readonly string[]): void {
  const strangers = new WeakMap<Socket, string | undefined>()
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw
    if (!strangers.has(socket)) strangers.set(socket, strangeName(socket, names))
    const stranger = strangers.get(socket)
    if (stranger === undefined) return done()
    const message = `the client certificate has common name ${quote(stranger)}; --client-name allows ${names.join(', ')}`
    reply.code(403).send(status(403, 'Forbidden', message))
  })
}

/** The common name of a client, unless it is an allowed one. */
function strangeName(socket: Socket, names: readonly string[]): string | undefined {
  const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined
  const found = [subject?.CN ?? []].flat()
  return found.some(name => names.includes(name)) ? undefined : found.join(', ')
}
