import { type Dispatcher, request as send } from 'undici'
import { HydrationError } from '../failure.ts'
import { createConnections, STALL_MS } from './dispatcher.ts'
import { atPace, type Pace } from './pace.ts'
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
/** Two minutes for what a modem does in four seconds. */
const LEAST_PACE: Pace = { bytesPerSecond: 1024, overMs: 120_000 }

export interface SourceRequest {
  url: string
  /** Sent to the host of `url` only, and never to another host that it redirects to. */
  token?: string | undefined
  headers?: Readonly<Record<string, string>>
  /** Statuses that the caller understands, beside those of success. */
  allowed?: readonly number[]
  /** Use no connection that is open already. */
  fresh?: boolean | undefined
  signal: AbortSignal
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
  return {
    async get(request) {
      if (!request.fresh) return follow(request, connections.dispatcherFor, pace)
      const own = createConnections(ca)
      try {
        const reply = await follow(request, own.dispatcherFor, pace)
        return {
          ...reply,
          body: thenClosed(reply.body, own.close),
          drop() {
            reply.drop()
            void own.close()
          },
        }
      } catch (error) {
        await own.close()
        throw error
      }
    },
  }
}

async function* thenClosed(body: AsyncIterable<Uint8Array>, close: () => Promise<void>) {
  try {
    yield* body
  } finally {
    await close()
  }
}

async function follow(
  request: SourceRequest,
  dispatcherFor: (url: URL) => Dispatcher,
  pace: Pace,
): Promise<Reply> {
  let url = new URL(request.url)
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const reply = await once(dispatcherFor(url), url, request, pace)
    const location = headerOf(reply, 'location')
    if (reply.status >= 300 && reply.status < 400 && location !== undefined) {
      reply.drop()
      url = redirected(url, location)
      continue
    }
    if (WITH_CONTENT.includes(reply.status) || request.allowed?.includes(reply.status)) return reply
    reply.drop()
    throw rejection({ reply, url, asked: request.url, hasToken: request.token !== undefined })
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
  dispatcher: Dispatcher,
  url: URL,
  { url: asked, token, headers, signal }: SourceRequest,
  pace: Pace,
): Promise<Reply> {
  if (token !== undefined && !TOKEN.test(token))
    throw new HydrationError(
      'SecretMalformed',
      'the token in the Secret is malformed: it has a line break, a space or a character that is not ASCII',
    )
  const isOwnHost = url.origin === new URL(asked).origin
  try {
    const {
      statusCode,
      headers: answered,
      body,
    } = await send(url.href, {
      dispatcher,
      signal,
      headersTimeout: HEADERS_MS,
      bodyTimeout: STALL_MS,
      headers: {
        'user-agent': 'modelcache',
        // A compressed body would have other ranges and another size.
        'accept-encoding': 'identity',
        ...headers,
        ...(token !== undefined && isOwnHost && { authorization: `Bearer ${token}` }),
      },
    })
    return {
      status: statusCode,
      headers: answered,
      body: atPace(body, pace),
      drop: () => void body.dump().catch(() => {}),
    }
  } catch (error) {
    signal.throwIfAborted()
    throw unreachable(url.href, error)
  }
}
