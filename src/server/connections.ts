import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'

export interface ConnectionLimits {
  /** Connections at a time, in the TLS handshake, idle or busy. */
  max: number
  /** Milliseconds for the body of a request to arrive. */
  bodyMs: number
  /** A connection was closed to make room for another. */
  onEvicted: () => void
}

/**
 * Holds the number of connections, and so their memory, within a limit: for a connection too many, the one is closed
 * that has been waiting for its client for the longest, be it idle, in the handshake or in the middle of a request. An
 * API server's pool loses a connection only when others have taken them all since it was used last, and then dials
 * again; a crowd of idle strangers does not keep it out.
 *
 * A request whose body does not arrive in time loses its connection too. Nothing else is cut here: API servers keep
 * connections for 90 s, and some of them before their first request.
 */
export function limitConnections(app: FastifyInstance, { max, bodyMs, onEvicted }: ConnectionLimits): void {
  const open = new Map<string, Socket>()
  /** In the order in which they began to wait. */
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
  // Its body is there: now it is the client that waits.
  app.addHook('preValidation', async request => {
    clearTimeout(bodyTimers.get(request))
    waiting.delete(peerOf(request.raw.socket))
  })
  app.addHook('onResponse', async request => {
    clearTimeout(bodyTimers.get(request))
    wait(peerOf(request.raw.socket))
  })
}

/** Names a connection alike on its TCP socket and on the TLS socket over it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
