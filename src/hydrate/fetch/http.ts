import { request as send } from 'undici'
import { HydrationError } from '../failure.ts'
import { chunksOf } from './chunks.ts'
import { type Connections, createConnections, STALL_MS } from './dispatcher.ts'
import { createHostGate, type HostGate } from './host-gate.ts'
import { atPace, type Pace } from './pace.ts'
import { createPeers, type Peers } from './peers.ts'
import { rejection, shown, unreachable } from './rejection.ts'
import { headerOf, type Reply } from './reply.ts'
import { TransientError } from './retry.ts'

const HEADERS_MS = 60_000
const MAX_REDIRECTS = 10
/**
 * Any other status of success has no bytes of the file, or other bytes: 203 says that a proxy has changed
 * them (RFC 9110 section 15.3.4).
 */
const WITH_CONTENT = [200, 206]
/** What a server with too many requests answers, and how long it is left alone if it does not say. */
const SLOW_DOWN = [429, 503]
const SLOW_DOWN_MS = 1_000
/** Two minutes for what a modem does in four seconds. */
const LEAST_PACE: Pace = { bytesPerSecond: 1024, overMs: 120_000 }

/** Signs a request: the headers that prove who asks. */
export type Sign = (request: {
  method: string
  url: URL
  headers: Readonly<Record<string, string>>
}) => Promise<Readonly<Record<string, string>>>

export interface SourceRequest {
  url: string
  /** Default GET. */
  method?: 'GET' | 'HEAD' | 'POST'
  /** Of a POST: a form. */
  body?: URLSearchParams
  /** Sent to the host of `url` only, and never to another host that it redirects to. */
  token?: string | undefined
  /** Called for the host of `url` only. */
  sign?: Sign | undefined
  headers?: Readonly<Record<string, string>>
  /** Statuses that the caller understands, beside those of success. */
  allowed?: readonly number[]
  /** Use no connection that is open already. */
  fresh?: boolean | undefined
  /** Do not give the connection up because others are faster. */
  isPatient?: boolean | undefined
  /** Where the URL redirected the last time. A hub need not be asked for every part of a file. */
  via?: Redirection | undefined
  signal: AbortSignal
}

/** Remembers where a URL leads to, until that does not answer any more. */
export interface Redirection {
  address?: string | undefined
}

/** An HTTP client for sources. */
export interface Http {
  /**
   * Asks for a URL and follows redirects. Returns the reply if it has the content, or a part of it.
   *
   * @throws HydrationError by what the server says: Unauthorized, GatedRepository, SourceNotFound,
   * RateLimited, SourceUnavailable; SecretMalformed for a token that no header can carry.
   */
  get(request: SourceRequest): Promise<Reply>
}

/**
 * Creates a client with its own connections. It honors HTTPS_PROXY, HTTP_PROXY, NO_PROXY and SSL_CERT_FILE.
 * `ca` has certificates in PEM that count in addition, for sources and proxies inside a company.
 */
export function createHttp({ ca, pace = LEAST_PACE }: { ca?: string | undefined; pace?: Pace } = {}): Http {
  const connections = createConnections(ca)
  const gate = createHostGate()
  const peers = createPeers()
  return {
    async get(request) {
      if (!request.fresh) return follow(request, { ...connections, gate, peers, pace })
      const own = createConnections(ca)
      try {
        const reply = await follow({ ...request, via: undefined }, { ...own, gate, peers, pace })
        return afterwards(reply, () => void own.close())
      } catch (error) {
        await own.close()
        throw error
      }
    },
  }
}

/** The same reply, and something to do when it was read or dropped. */
function afterwards(reply: Reply, after: () => void): Reply {
  async function* body() {
    try {
      yield* reply.body
    } finally {
      after()
    }
  }
  return {
    ...reply,
    body: body(),
    drop() {
      reply.drop()
      after()
    },
  }
}

interface Way extends Pick<Connections, 'dispatcherFor'> {
  gate: HostGate
  peers: Peers
  pace: Pace
}

async function follow(request: SourceRequest, way: Way): Promise<Reply> {
  const { via } = request
  if (via?.address !== undefined) {
    const { reply } = await arrive(request, via.address, way)
    if (isContent(reply, request)) return reply
    // It was an address for a while only.
    reply.drop()
    via.address = undefined
  }
  const { reply, url } = await arrive(request, request.url, way)
  if (isContent(reply, request)) {
    if (via !== undefined) via.address = url.href
    return reply
  }
  reply.drop()
  const error = rejection({
    reply,
    url,
    asked: request.url,
    hasToken: request.token !== undefined,
    isSigned: request.sign !== undefined,
  })
  if (error instanceof TransientError && SLOW_DOWN.includes(reply.status))
    way.gate.slowDown(url.host, error.retryAfterMs ?? SLOW_DOWN_MS)
  throw error
}

function isContent({ status }: Reply, { allowed = [] }: SourceRequest): boolean {
  return WITH_CONTENT.includes(status) || allowed.includes(status)
}

/** Asks where an address leads to, and there again, until there is an answer. */
async function arrive(
  request: SourceRequest,
  address: string,
  way: Way,
): Promise<{ reply: Reply; url: URL }> {
  let url = new URL(address)
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const reply = await once(url, request, way)
    const location = headerOf(reply, 'location')
    if (reply.status < 300 || reply.status >= 400 || location === undefined) return { reply, url }
    reply.drop()
    url = redirected(url, location)
  }
  throw new TransientError('SourceUnavailable', `${shown(request.url)} keeps redirecting`)
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (to !== undefined && /^https?:$/.test(to.protocol)) return to
  const message = `${shown(from.href)} redirects to what is no http or https URL`
  throw new HydrationError('SourceUnavailable', message)
}

/** What an Authorization header can carry (RFC 9110 section 5.5), and no token has spaces. */
const TOKEN = /^[\x21-\x7e]+$/

async function once(
  url: URL,
  request: SourceRequest,
  { dispatcherFor, gate, peers, pace }: Way,
): Promise<Reply> {
  const { method = 'GET', body: form, token, sign, headers, signal } = request
  if (token !== undefined && !TOKEN.test(token))
    throw new HydrationError(
      'SecretMalformed',
      'the token in the Secret is malformed: it has a line break, a space or a character that is not ASCII',
    )
  const isOwnHost = url.origin === new URL(request.url).origin
  const signature = isOwnHost ? await sign?.({ method, url, headers: headers ?? {} }) : undefined
  const leave = await gate.enter(url.host, signal)
  try {
    const {
      statusCode,
      headers: answered,
      body,
    } = await send(url.href, {
      dispatcher: dispatcherFor(url),
      signal,
      method,
      ...(form !== undefined && { body: form.toString() }),
      headersTimeout: HEADERS_MS,
      bodyTimeout: STALL_MS,
      headers: {
        'user-agent': 'modelcache',
        // A compressed body would have other ranges and another size.
        'accept-encoding': 'identity',
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
        ...(token !== undefined && isOwnHost && { authorization: `Bearer ${token}` }),
        ...signature,
      },
    })
    const drop = () => void body.dump().catch(() => {})
    const paced = atPace(chunksOf(body), pace, { peers: request.isPatient ? undefined : peers })
    return afterwards({ status: statusCode, headers: answered, body: paced, drop }, leave)
  } catch (error) {
    leave()
    if (request.via !== undefined) request.via.address = undefined
    signal.throwIfAborted()
    throw unreachable(url.href, error)
  }
}
