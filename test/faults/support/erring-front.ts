import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request } from 'node:https'
import type { KeyedCertificate } from '../../../src/certs/issue.ts'
import { issueServing } from '../../testbed/pki.ts'
import { freePort } from '../../testbed/ports.ts'

/** Answers a call instead of the API server. */
export type Answer = (call: IncomingMessage, reply: ServerResponse) => void

/** A front of an API server that can answer instead of it. */
export interface ErringFront extends AsyncDisposable {
  readonly url: string
  /**
   * From now on the front gives this answer to every call, or to those that `isMeant` accepts. It cuts calls
   * in progress. With undefined, it passes all calls on again.
   */
  answer(instead: Answer | undefined, isMeant?: (call: IncomingMessage) => boolean): void
}

const EVERY_CALL: (call: IncomingMessage) => boolean = () => true

/**
 * Starts one on loopback, with a certificate of the control plane's CA. It passes calls on unchanged,
 * including credentials.
 */
export async function startErringFront(server: string, ca: KeyedCertificate): Promise<ErringFront> {
  const { certPem, keyPem } = await issueServing(ca, ['localhost'])
  const agent = new Agent({ keepAlive: true, ca: ca.certPem })
  const open = new Set<ServerResponse>()
  let instead: Answer | undefined
  let isMeant = EVERY_CALL
  const front = createServer({ cert: certPem, key: keyPem }, (call, reply) => {
    open.add(reply)
    reply.once('close', () => open.delete(reply))
    if (instead !== undefined && isMeant(call)) return instead(call, reply)
    const { method, headers, url } = call
    const onward = request(`${server}${url}`, { agent, method, headers }, answer => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(reply)
      answer.on('error', () => reply.destroy())
    })
    onward.on('error', () => reply.destroy())
    reply.once('close', () => onward.destroy())
    call.pipe(onward)
  })
  const port = await freePort()
  await new Promise<void>(resolve => front.listen(port, '127.0.0.1', resolve))
  const cut = () => {
    for (const reply of open) reply.destroy()
  }
  return {
    url: `https://127.0.0.1:${port}`,
    answer(next, calls = EVERY_CALL) {
      instead = next
      isMeant = calls
      cut()
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => front.close(resolve))
      front.closeAllConnections()
      agent.destroy()
      await closed
    },
  }
}
