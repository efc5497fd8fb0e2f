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
  const open = new Map<string, Connection>()
  /** The same connections by their TLS sockets, which are what requests know. */
  const known = new WeakMap<Socket, Connection>()
  let turn = 0

  app.server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket)
    const connection: Connection = {
      peer,
      socket,
      waitingSince: ++turn,
      receiving: undefined,
      bodyTimer: undefined,
    }
    open.set(peer, connection)
    socket.once('close', () => {
      clearTimeout(connection.bodyTimer)
      if (open.get(peer) === connection) open.delete(peer)
    })
    const oldest = open.size > max ? longestWaiting(open.values()) : undefined
    if (oldest === undefined) return
    oldest.socket.destroy()
    open.delete(oldest.peer)
    onEvicted()
  })

  const connectionOf = ({ raw: { socket } }: FastifyRequest): Connection | undefined => {
    const found = known.get(socket) ?? open.get(peerOf(socket))
    if (found !== undefined) known.set(socket, found)
    return found
  }
  const receive = (connection: Connection, request: FastifyRequest) => {
    connection.waitingSince = ++turn
    connection.receiving = request
    connection.bodyTimer ??= setTimeout(() => {
      if (connection.receiving !== undefined) connection.socket.destroy()
    }, bodyMs).unref()
    connection.bodyTimer.refresh()
  }
  /** If the client has sent its next request already, that one may be arriving by now. */
  const stopReceiving = (request: FastifyRequest, waitingSince: number | undefined) => {
    const connection = connectionOf(request)
    if (connection === undefined) return
    connection.waitingSince = waitingSince
    if (connection.receiving === request) connection.receiving = undefined
  }
  app.addHook('onRequest', (request, _, done) => {
    const connection = connectionOf(request)
    if (connection !== undefined) receive(connection, request)
    done()
  })
  // The body has arrived, so now the client waits.
  app.addHook('preValidation', (request, _, done) => {
    stopReceiving(request, undefined)
    done()
  })
  app.addHook('onResponse', (request, _, done) => {
    stopReceiving(request, ++turn)
    done()
  })
}

interface Connection {
  readonly peer: string
  readonly socket: Socket
  /**
   * A number that grows with the time when it began to wait for its client; undefined if the client waits.
   */
  waitingSince: number | undefined
  /** The request whose body arrives now. */
  receiving: FastifyRequest | undefined
  /** Ends the connection if that body does not arrive in time. A timer for each request would cost more. */
  bodyTimer: NodeJS.Timeout | undefined
}

/** Looks at all connections. We do that only for a connection too many, and its handshake costs more. */
function longestWaiting(connections: Iterable<Connection>): Connection | undefined {
  let found: Connection | undefined
  for (const connection of connections) {
    const { waitingSince } = connection
    if (waitingSince !== undefined && waitingSince < (found?.waitingSince ?? Number.POSITIVE_INFINITY))
      found = connection
  }
  return found
}

/** Gives the same key for the TCP socket of a connection and the TLS socket on top of it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
