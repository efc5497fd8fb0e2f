import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'

export interface ConnectionLimits {
  /** Number of connections, whether in the TLS handshake, idle or busy. */
  max: number
  /** Milliseconds within which the body of a request must arrive. */
  bodyMs: number
  /** A connection was closed to make room for another. */
  onEvicted: () => void
}

/**
 * Limits the number of connections, and with it their memory. When another connection arrives over the limit,
 * the one that has waited longest for its client is closed: idle, in the handshake, or in the middle of a
 * request. The pool of an API server loses a connection only if others have used all of them since, and then
 * it dials again. A crowd of idle strangers cannot lock it out.
 *
 * A request whose body does not arrive in time loses its connection too. Nothing else is closed here: API
 * servers keep connections for 90 s, and some of them before their first request.
 */
export function limitConnections(app: FastifyInstance, { max, bodyMs, onEvicted }: ConnectionLimits): void {
  const open = new Map<string, Socket>()
  /** In the order in which they started to wait. */
  const waiting = new Set<string>()
  const wait = (peer: string) => {
    waiting.delete(peer)
    if (open.has(peer)) waiting.add(peer)
  }
  const forget = (peer: string) => {
    open.delete(peer)
    waiting.delete(peer)
  }

  app.server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket)
    open.set(peer, socket)
    wait(peer)
    socket.once('close', () => {
      if (open.get(peer) === socket) forget(peer)
    })
    const [oldest] = waiting.keys()
    if (open.size <= max || oldest === undefined) return
    open.get(oldest)?.destroy()
    forget(oldest)
    onEvicted()
  })

  const bodyTimers = new WeakMap<FastifyRequest, NodeJS.Timeout>()
  app.addHook('onRequest', async request => {
    const { socket } = request.raw
    wait(peerOf(socket))
    bodyTimers.set(request, setTimeout(() => socket.destroy(), bodyMs).unref())
  })
  // The body has arrived, so now the client waits.
  app.addHook('preValidation', async request => {
    clearTimeout(bodyTimers.get(request))
    waiting.delete(peerOf(request.raw.socket))
  })
  app.addHook('onResponse', async request => {
    clearTimeout(bodyTimers.get(request))
    wait(peerOf(request.raw.socket))
  })
}

/** Gives the same key for the TCP socket of a connection and the TLS socket on top of it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
