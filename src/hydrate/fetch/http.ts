import { rootCertificates } from 'node:tls'
import { type Dispatcher, EnvHttpProxyAgent, request as send } from 'undici'
import { errorMessage, foreign } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import { retryAfterMs, TransientError } from './retry.ts'

const CONNECT_MS = 30_000
const HEADERS_MS = 60_000
/** If a body stands still this long, we ask again. */
const STALL_MS = 60_000
const MAX_REDIRECTS = 10

export interface SourceRequest {
  url: string
  /** Sent to the host of `url` only, and never to another host that it redirects to. */
  token?: string | undefined
  headers?: Readonly<Record<string, string>>
  signal: AbortSignal
}

export interface Reply {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: AsyncIterable<Uint8Array>
  /** Drops what is not read yet. Every body must be read to its end or dropped. */
  drop(): void
}

/** An HTTP client for sources. */
export interface Http {
  /**
   * Asks for a URL and follows redirects. Returns the reply if it is a success.
   *
   * @throws HydrationError by what the server says: Unauthorized, GatedRepository, SourceNotFound,
   * RateLimited, SourceUnavailable.
   */
  get(request: SourceRequest): Promise<Reply>
}

/**
 * Creates a client with its own connections. It honors HTTPS_PROXY, HTTP_PROXY and NO_PROXY. `ca` has
 * certificates in PEM that it trusts in addition to those of Node, for sources and proxies inside a company.
 */
export function createHttp({ ca }: { ca?: string | undefined } = {}): Http {
  const tls = ca === undefined ? {} : { ca: [...rootCertificates, ca] }
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: CONNECT_MS, ...tls },
    requestTls: tls,
    proxyTls: tls,
    bodyTimeout: STALL_MS,
  })
  return { get: request => follow(dispatcher, request) }
}

async function follow(dispatcher: Dispatcher, request: SourceRequest): Promise<Reply> {
  const origin = new URL(request.url).origin
  let url = request.url
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const reply = await once(dispatcher, url, request, new URL(url).origin === origin)
    const location = headerOf(reply, 'location')
    if (reply.status >= 300 && reply.status < 400 && location !== undefined) {
      reply.drop()
      url = new URL(location, url).toString()
      if (!/^https?:$/.test(new URL(url).protocol)) break
      continue
    }
    if (reply.status >= 200 && reply.status < 300) return reply
    reply.drop()
    throw refusal(reply, request)
  }
  throw new TransientError('SourceUnavailable', `${shown(request.url)} keeps redirecting`)
}

async function once(
  dispatcher: Dispatcher,
  url: string,
  { token, headers, signal }: SourceRequest,
  isOwnHost: boolean,
): Promise<Reply> {
  try {
    const {
      statusCode,
      headers: answered,
      body,
    } = await send(url, {
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
    return { status: statusCode, headers: answered, body, drop: () => void body.dump().catch(() => {}) }
  } catch (error) {
    signal.throwIfAborted()
    throw unreachable(url, error)
  }
}

/** The codes of Node for a bad certificate. It will be just as bad in a second. */
const CERTIFICATE = /CERT|SIGNATURE|ALTNAME/

/** The network failed, or the server broke off. */
export function unreachable(url: string, error: unknown): HydrationError {
  const words = [errorMessage(error), codeOf(error)].filter(Boolean).join(' ')
  if (CERTIFICATE.test(codeOf(error) ?? '')) {
    const message = `${shown(url)} is not trusted: ${words}; set --source-ca of the controller to the CA of the server or proxy`
    return new HydrationError('SourceUnavailable', message, { cause: error })
  }
  const message = `${shown(url)} cannot be reached: ${words}; check whether the cluster may reach it, and whether it needs a proxy`
  return new TransientError('SourceUnavailable', message, { cause: error })
}

function codeOf(error: unknown): string | undefined {
  const hasCode = error instanceof Error && 'code' in error && typeof error.code === 'string'
  return hasCode ? `(${error.code})` : undefined
}

/** A header of a reply; the first one if there are several. */
export function headerOf({ headers }: Pick<Reply, 'headers'>, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

function refusal(reply: Reply, { url, token }: SourceRequest): HydrationError {
  const { status } = reply
  // The same headers that huggingface_hub reads.
  const code = headerOf(reply, 'x-error-code')
  const said = `${shown(url)} answers ${status}${code === undefined ? '' : ` (${foreign(code, 64)})`}`
  if (code === 'GatedRepo') {
    const message = `${said}: the repository is gated; ask for access on its page, with the account of the token`
    return new HydrationError('GatedRepository', message)
  }
  const isTokenBad = headerOf(reply, 'x-error-message') === 'Invalid credentials in Authorization header'
  if (status === 404 || status === 410 || (!isTokenBad && /^(Repo|Revision|Entry)NotFound$/.test(code ?? '')))
    return new HydrationError(
      'SourceNotFound',
      `${said}: it does not exist${token === undefined ? ', or needs a token' : ''}`,
    )
  if (status === 401 || status === 403) {
    const fix = token === undefined ? 'set secretRef' : 'put a token that may read it in the Secret'
    return new HydrationError('Unauthorized', `${said}: ${fix}`)
  }
  const asked = { retryAfterMs: retryAfterMs(headerOf(reply, 'retry-after'), Date.now()) }
  if (status === 429) return new TransientError('RateLimited', `${said}: there were too many requests`, asked)
  return new TransientError('SourceUnavailable', said, asked)
}

/** A URL without its query and credentials, because signed URLs carry a secret in the query. */
export function shown(url: string): string {
  const { origin, pathname } = new URL(url)
  return foreign(`${origin}${pathname}`, 300)
}
