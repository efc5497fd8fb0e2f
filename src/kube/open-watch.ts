import type { KubeConfig } from '@kubernetes/client-node'
import { statusError } from './api-error.ts'
import { PooledKubeConfig } from './kubeconfig.ts'
import { authorized, describe, type Query, requestUrl, send, unreachable } from './request.ts'
import { untilAborted } from './until-aborted.ts'
import type { WatchSession } from './watch-session.ts'

export interface WatchOpening {
  readonly path: string
  readonly query: Query
  /**
   * After how many seconds the server should end the watch: over a connection that pings keep an eye on, and
   * over one whose silence is the only sign that it is dead.
   */
  readonly timeoutSeconds: { readonly pinged: number; readonly silent: number }
  readonly signal: AbortSignal
}

/** A watch that the server has accepted. */
export interface OpenWatch {
  body: AsyncIterable<Uint8Array>
  /** Whether a dead connection is noticed without an event. */
  isPinged: boolean
}

/** The Status of a rejected watch has less. */
const MAX_STATUS_BYTES = 65_536

/**
 * Opens a watch with the cluster's credentials, over HTTP/2 if the server speaks it.
 *
 * @throws ApiError for a status outside 2xx, or with status 0 if there was no reply.
 */
export async function openWatch(config: KubeConfig, opening: WatchOpening): Promise<OpenWatch> {
  const { path, signal, timeoutSeconds } = opening
  const query = { ...opening.query, watch: true }
  const request = { method: 'GET', path, query, signal } as const
  const context = await authorized(config, request)
  const session = await sessionOf(config, signal).catch(cause => {
    throw unreachable(request, cause)
  })
  if (session === undefined) {
    const timed = { ...query, timeoutSeconds: timeoutSeconds.silent }
    const { body } = await send(config, { ...request, query: timed })
    return { body: body ?? nothing(), isPinged: false }
  }
  const timed = { ...query, timeoutSeconds: timeoutSeconds.pinged }
  const { pathname, search } = new URL(requestUrl(config, { ...request, query: timed }))
  const headers = { accept: 'application/json', 'user-agent': 'modelcache', ...context.getHeaders() }
  const { status, body } = await session.get(pathname + search, headers, signal).catch(cause => {
    throw unreachable(request, cause)
  })
  if (status >= 200 && status < 300) return { body, isPinged: true }
  throw statusError(await statusIn(body), status, describe(request))
}

async function sessionOf(config: KubeConfig, signal: AbortSignal): Promise<WatchSession | undefined> {
  const sessions = config instanceof PooledKubeConfig ? config.watchSessions : undefined
  return sessions && (await untilAborted(sessions.session(signal), signal))
}

async function statusIn(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > MAX_STATUS_BYTES) return undefined
    }
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    return undefined
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
