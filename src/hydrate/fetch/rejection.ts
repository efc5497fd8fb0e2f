import { errorMessage, foreign } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import { headerOf, type Reply } from './reply.ts'
import { askedWaitMs, TransientError } from './retry.ts'

/** A reply that is no success, and how we came to it. */
export interface Rejection {
  reply: Pick<Reply, 'status' | 'headers'>
  /** The URL that answered. */
  url: URL
  /** The URL of the source, which may have redirected. */
  asked: string
  hasToken: boolean
  /** The request had a signature in place of a token. */
  isSigned?: boolean
}

/**
 * What a reply means that is no success.
 *
 * @returns HydrationError Unauthorized, GatedRepository, SourceNotFound, RateLimited or SourceUnavailable.
 */
export function rejection(given: Rejection): HydrationError {
  const { reply, url, asked } = given
  const hasToken = given.hasToken || given.isSigned === true
  const { status } = reply
  const isElsewhere = url.origin !== new URL(asked).origin
  const said = wordsOf(given, isElsewhere)
  if (isOfProxy(reply))
    return new TransientError('SourceUnavailable', `the proxy before ${said}: ${PROXY_FIX}`)
  const fix = fixOf(given)
  if (errorCode(reply) === 'GatedRepo') {
    const account = hasToken ? 'the account of the token' : `your account, and ${fix}`
    const message = `${said}: the repository is gated; ask for access on its page, with ${account}`
    return new HydrationError('GatedRepository', message)
  }
  if (isNotFound(reply)) {
    const message = `${said}: it does not exist${hasToken ? '' : ', or needs a token'}`
    return new HydrationError('SourceNotFound', message)
  }
  const isDenied = status === 401 || status === 403
  if (isDenied && !isElsewhere) return new HydrationError('Unauthorized', `${said}: ${fix}`)
  const wait = { retryAfterMs: askedWaitMs(reply.headers, Date.now()) }
  if (status === 429) return new TransientError('RateLimited', `${said}: there were too many requests`, wait)
  // Signed addresses expire, and the source gives a new one.
  const words = isDenied ? `${said}: the address may have expired` : said
  return new TransientError('SourceUnavailable', words, wait)
}

function fixOf({ hasToken, isSigned }: Rejection): string {
  if (isSigned) return 'use credentials that may read it'
  return hasToken ? 'put a token that may read it in the Secret' : 'set secretRef'
}

/** Who answered what. */
function wordsOf({ reply, url, asked }: Rejection, isElsewhere: boolean): string {
  const code = errorCode(reply)
  const via = isElsewhere ? `, to which ${shown(asked)} redirects,` : ''
  const words = code === undefined ? '' : ` (${foreign(code, 64)})`
  return `${shown(url.href)}${via} answers ${reply.status}${words}`
}

/** The same headers that huggingface_hub reads. */
function errorCode(reply: Rejection['reply']): string | undefined {
  return headerOf(reply, 'x-error-code')
}

function isNotFound(reply: Rejection['reply']): boolean {
  if (reply.status === 404 || reply.status === 410) return true
  const isTokenBad = headerOf(reply, 'x-error-message') === 'Invalid credentials in Authorization header'
  return !isTokenBad && /^(Repo|Revision|Entry)NotFound$/.test(errorCode(reply) ?? '')
}

const PROXY_FIX = 'ask its administrator to allow it, or set NO_PROXY'

/** Whether a proxy on the way answers, and not the source: RFC 9209, and what Squid sends. */
function isOfProxy(reply: Rejection['reply']): boolean {
  if (reply.status === 407) return true
  if (reply.status !== 403 && reply.status < 500) return false
  return (
    /\berror=/.test(headerOf(reply, 'proxy-status') ?? '') || headerOf(reply, 'x-squid-error') !== undefined
  )
}

/** The codes of Node for a bad certificate. It will be just as bad in a second. */
const CERTIFICATE = /CERT|SIGNATURE|ALTNAME/
/** What undici says when a proxy does not open a connection for us. */
const TUNNEL = /^Proxy response \((\d{3})\)/

/** What the codes of Node and undici mean. */
const PLAIN: readonly [RegExp, string][] = [
  [/ENOTFOUND|EAI_AGAIN/, 'DNS has no address for that name'],
  [/ECONNREFUSED/, 'nothing listens there'],
  [/ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH|ENETUNREACH/, 'nothing answers'],
  [/ECONNRESET|EPIPE|UND_ERR_SOCKET/, 'the connection broke off'],
]

/** The network failed, or the server broke off. */
export function unreachable(url: string, error: unknown): HydrationError {
  const words = [errorMessage(error), codeOf(error)].filter(Boolean).join(' ')
  if (CERTIFICATE.test(codeOf(error) ?? '')) {
    const message = `${shown(url)} is not trusted: ${words}; set --source-ca of the controller to the CA of the server or proxy`
    return new HydrationError('SourceUnavailable', message, { cause: error })
  }
  const [, status] = TUNNEL.exec(errorMessage(error)) ?? []
  if (status !== undefined) {
    const fix = status === '407' ? 'put a user and a password in the URL of the proxy' : PROXY_FIX
    const message = `the proxy before ${shown(url)} answers ${status}: ${fix}`
    return new TransientError('SourceUnavailable', message, { cause: error })
  }
  const plain = PLAIN.find(([codes]) => codes.test(codeOf(error) ?? ''))?.[1]
  const said = plain === undefined ? words : `${plain}: ${words}`
  const message = `${shown(url)} cannot be reached: ${said}; check whether the cluster may reach it, and whether it needs a proxy`
  return new TransientError('SourceUnavailable', message, { cause: error })
}

function codeOf(error: unknown): string | undefined {
  const hasCode = error instanceof Error && 'code' in error && typeof error.code === 'string'
  return hasCode ? `(${error.code})` : undefined
}

/** A URL without its query and credentials, because signed URLs carry a secret in the query. */
export function shown(url: string): string {
  const { origin, pathname } = new URL(url)
  return foreign(`${origin}${pathname}`, 300)
}
