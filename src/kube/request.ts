import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node'
import { fetch, type Response } from 'undici'
import { ApiError, statusError } from './api-error.ts'
import { readBody } from './reply-body.ts'
import { untilAborted } from './until-aborted.ts'

/** A Status quotes what somebody has sent, and what is wrong with each part of it. */
const MAX_STATUS_BYTES = 4 * 1024 * 1024

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** One HTTP exchange with the API server. `path` starts with a slash, and its names are escaped. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Query | undefined
  readonly contentType?: string
  /** The media type of the answer; default JSON. */
  readonly accept?: string
  /** Asks for an answer that is not compressed. Default is that the server may compress it. */
  readonly encoding?: 'identity' | undefined
  readonly body?: string
  readonly signal: AbortSignal
}

/**
 * Sends a request with the cluster's credentials, and returns the reply as soon as its headers arrive. The
 * caller reads the body, under the same signal.
 *
 * @throws ApiError for a status outside 2xx (with the body's Status), or with status 0 if there was no reply.
 * If the signal has aborted, ignore what was thrown and look at the signal.
 */
export async function send(config: KubeConfig, request: ApiRequest): Promise<Response> {
  const response = await reach(config, request)
  if (response.ok) return response
  const { signal } = request
  const status = await readBody(
    config,
    response,
    { signal, maxBytes: MAX_STATUS_BYTES },
    parseOrUndefined,
  ).catch(() => undefined)
  throw statusError(status, response.status, describe(request))
}

/** A request in words, for logs and messages. */
export function describe(request: Pick<ApiRequest, 'method' | 'path'>): string {
  return `${request.method} ${request.path}`
}

async function reach(config: KubeConfig, request: ApiRequest): Promise<Response> {
  try {
    return await attempt(config, request)
  } catch (error) {
    if (error instanceof ApiError || request.signal.aborted) throw error
    if (request.method !== 'GET' || !isLostConnection(error)) throw unreachable(request, error)
  }
  // The server may close a kept connection at the moment we use it again. We simply send a read once more.
  return attempt(config, request).catch(error => {
    throw error instanceof ApiError ? error : unreachable(request, error)
  })
}

/** The headers of a request with the cluster's credentials, and the connection that it should use. */
export async function authorized(config: KubeConfig, request: ApiRequest): Promise<RequestContext> {
  const context = new RequestContext(requestUrl(config, request), HttpMethod[request.method])
  try {
    // It takes no signal, and may run a credential plugin that never returns.
    await untilAborted(config.applySecurityAuthentication(context), request.signal)
  } catch (cause) {
    throw new ApiError(0, 'CredentialsUnavailable', `no credentials for ${describe(request)}`, { cause })
  }
  return context
}

async function attempt(config: KubeConfig, request: ApiRequest): Promise<Response> {
  const url = requestUrl(config, request)
  const context = await authorized(config, request)
  const contentType = request.contentType === undefined ? {} : { 'Content-Type': request.contentType }
  const encoding = request.encoding === undefined ? {} : { 'Accept-Encoding': request.encoding }
  const dispatcher = context.getDispatcher()
  return fetch(url, {
    method: request.method,
    headers: {
      Accept: request.accept ?? 'application/json',
      ...encoding,
      ...contentType,
      ...context.getHeaders(),
    },
    body: request.body ?? null,
    signal: request.signal,
    // The API server does not redirect such calls. Following a redirect could send credentials elsewhere.
    redirect: 'manual',
    ...(dispatcher === undefined ? {} : { dispatcher }),
  })
}

/** The whole URL of a request. */
export function requestUrl(config: KubeConfig, request: ApiRequest): string {
  const server = config.getCurrentCluster()?.server
  if (server === undefined) throw new ApiError(0, 'Unreachable', 'the kubeconfig has no current cluster')
  // We concatenate the two: behind some proxies the server URL has a path of its own, and resolving would
  // drop it.
  const url = new URL(server.replace(/\/+$/, '') + request.path)
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  return url.toString()
}

/** The error for a request that got no reply. */
export function unreachable(request: Pick<ApiRequest, 'method' | 'path'>, cause: unknown): ApiError {
  const detail = errorCode(cause)
  const message = `no reply to ${describe(request)}${detail === undefined ? '' : ` (${detail})`}`
  return new ApiError(0, 'Unreachable', message, { cause })
}

const LOST_CONNECTION = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

function isLostConnection(error: unknown): boolean {
  return LOST_CONNECTION.has(errorCode(error) ?? '')
}

/** fetch hides the network error in `cause`. */
function errorCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}

function parseOrUndefined(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
