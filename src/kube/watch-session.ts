import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from 'node:http2'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'

export interface PingTiming {
  /** How often the connection is asked for a sign of life, in milliseconds. */
  pingMs: number
  /** How long it may owe one, in milliseconds. */
  silenceMs: number
}

const TIMING: PingTiming = { pingMs: 8_000, silenceMs: 20_000 }
const CONNECT_TIMEOUT_MS = 5_000
/** All watches share the window of their connection, so a large event must not hold up the others. */
const WINDOW_BYTES = 8 * 1024 * 1024

/** Thrown to every reader of a connection that no longer answers pings. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/** The answer to a request, as soon as its headers are there. */
export interface WatchReply {
  status: number
  body: AsyncIterable<Uint8Array>
}

export interface WatchSession {
  /**
   * Sends a GET. Rejects with what breaks the connection, and with the signal's reason if the signal aborts.
   */
  get(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<WatchReply>
}

/** Gives the present connection, or a new one; undefined if the server does not speak HTTP/2. */
export interface WatchSessions {
  session(signal: AbortSignal): Promise<WatchSession | undefined>
  /** No further request uses the present connection. Those in progress go on. */
  retire(): void
}

/**
 * One HTTP/2 connection for all watches of an API server. Its pings tell whether it lives, so that a watch
 * may last minutes without an event, and a connection that died silently is noticed within 28 s. client-go
 * does the same (golang.org/x/net/http2: ReadIdleTimeout, PingTimeout).
 */
export function createWatchSessions(
  server: URL,
  tls: ConnectionOptions,
  timing: PingTiming = TIMING,
): WatchSessions {
  let present: Promise<ClientHttp2Session | undefined> | undefined
  /** Whether the server has chosen HTTP/1.1. It is not asked again. */
  let isOld = server.protocol !== 'https:'
  const open = async (): Promise<ClientHttp2Session | undefined> => {
    const socket = await connected(server, tls)
    isOld = socket === undefined
    return socket && startSession(server, socket, timing)
  }
  return {
    async session(signal) {
      signal.throwIfAborted()
      if (isOld) return undefined
      const opening = present ?? open()
      present = opening
      const forget = () => {
        if (present === opening) present = undefined
      }
      const session = await opening.catch(error => {
        forget()
        throw error
      })
      if (session === undefined) return undefined
      if (isEnding(session)) {
        forget()
        return this.session(signal)
      }
      return { get: (path, headers, stop) => get(session, path, headers, stop) }
    },
    retire() {
      const retired = present
      present = undefined
      retired?.then(session => session?.close()).catch(() => {})
    },
  }
}

/** The sessions whose server has asked to open no further stream (RFC 9113, GOAWAY). */
const leaving = new WeakSet<ClientHttp2Session>()

function isEnding(session: ClientHttp2Session): boolean {
  return session.destroyed || session.closed || leaving.has(session)
}

/** A TLS connection on which the server has chosen HTTP/2; undefined if it has not. */
function connected(server: URL, tls: ConnectionOptions): Promise<TLSSocket | undefined> {
  return new Promise((resolve, reject) => {
    const host = server.hostname.replace(/^\[|\]$/g, '')
    const socket = connectTls({
      host,
      port: Number(server.port || 443),
      ...tls,
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    const timer = setTimeout(
      () => socket.destroy(new Error('the connection took too long')),
      CONNECT_TIMEOUT_MS,
    )
    socket.once('error', reject)
    socket.once('close', () => clearTimeout(timer))
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      socket.off('error', reject)
      if (socket.alpnProtocol === 'h2') return resolve(socket)
      socket.destroy()
      resolve(undefined)
    })
  })
}

function startSession(server: URL, socket: TLSSocket, { pingMs, silenceMs }: PingTiming): ClientHttp2Session {
  const session = connectHttp2(server.origin, { createConnection: () => socket })
  let heardAt = performance.now()
  const timer = setInterval(() => {
    if (session.destroyed) return
    if (performance.now() - heardAt > silenceMs) {
      session.destroy(new ConnectionLost('the API server has not answered pings'), constants.NGHTTP2_CANCEL)
      return
    }
    session.ping(error => {
      if (error === null) heardAt = performance.now()
    })
  }, pingMs)
  // Whoever reads a stream gets the error. Without a reader nobody needs it.
  session.on('error', () => {})
  session.once('close', () => clearInterval(timer))
  session.once('goaway', () => leaving.add(session))
  session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES))
  // A watch alone must not keep the process from ending.
  session.unref()
  timer.unref()
  return session
}

function get(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<WatchReply> {
  return new Promise((resolve, reject) => {
    const stream = session.request(
      { ...lowered(headers), ':method': 'GET', ':path': path },
      { endStream: true, signal },
    )
    stream.once('error', reject)
    // Nobody may be reading the body when the connection breaks.
    stream.on('error', () => {})
    stream.once('close', () => reject(new Error('the stream was closed before it was answered')))
    stream.once('response', answer => {
      stream.off('error', reject)
      resolve({ status: answer[':status'] ?? 0, body: chunksOf(stream) })
    })
  })
}

async function* chunksOf(stream: ClientHttp2Stream): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk
    // A stream that was reset ends as if it were complete, and only then says so.
    if (!stream.closed) await once(stream, 'close')
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR)
      throw new Error(`the stream was reset (${stream.rstCode})`)
  } finally {
    stream.destroy()
  }
}

/** HTTP/2 has only lower-case names. */
function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
