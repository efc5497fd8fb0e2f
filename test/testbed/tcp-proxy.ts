import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy on loopback for tests: the network between a client and a server, and its faults. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** Connections that clients hold open now. */
  connections(): number
  /**
   * Forwards nothing more and closes nothing, like a firewall that has lost its state: for the connections
   * that are open now, or, with `all`, for later ones too.
   */
  freeze(which: 'open' | 'all'): void
  /** Breaks all connections. New ones are served. */
  cut(): void
  /** Breaks all connections, and new ones as soon as they are opened. */
  refuse(): void
  /** Forwards again. What was held back arrives late, but complete. */
  resume(): void
}

/** A client's connection, and the connection to the server for it. */
interface Link {
  forward(): void
  hold(): void
  break(): void
}

/** Starts one in front of a port on 127.0.0.1. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const links = new Set<Link>()
  let mode: 'forward' | 'freeze' | 'refuse' = 'forward'
  const server = createServer({ pauseOnConnect: true }, client => {
    if (mode === 'refuse') {
      client.resetAndDestroy()
      return
    }
    const link = linkOf(client, connect(targetPort, '127.0.0.1'), () => links.delete(link))
    links.add(link)
    if (mode === 'forward') link.forward()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const cut = () => {
    for (const link of links) link.break()
  }
  return {
    port,
    connections: () => links.size,
    freeze(which) {
      if (which === 'all') mode = 'freeze'
      for (const link of links) link.hold()
    },
    cut,
    refuse() {
      mode = 'refuse'
      cut()
    },
    resume() {
      mode = 'forward'
      for (const link of links) link.forward()
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}

function linkOf(client: Socket, upstream: Socket, onEnd: () => void): Link {
  const breakBoth = () => {
    client.resetAndDestroy()
    upstream.resetAndDestroy()
    onEnd()
  }
  for (const socket of [client, upstream]) {
    // A close follows each error.
    socket.on('error', () => {})
    socket.on('close', breakBoth)
  }
  return {
    forward() {
      client.pipe(upstream)
      upstream.pipe(client)
    },
    hold() {
      client.unpipe(upstream)
      upstream.unpipe(client)
      // Not read, so that not even the end of a stream is noticed.
      client.pause()
      upstream.pause()
    },
    break: breakBoth,
  }
}
