import type { KubeConfig } from '@kubernetes/client-node'
import { ApiError } from './api-error.ts'
import { startDeadline } from './deadline.ts'
import { forgetConnections } from './kubeconfig.ts'
import { type ApiRequest, describe, type Query, send } from './request.ts'

export { ApiError, isNotFound } from './api-error.ts'

const DEFAULT_TIMEOUT_MS = 10_000

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Time for the whole call, body included, in milliseconds. Default 10 s. */
  readonly timeoutMs?: number
}

export interface GetOptions extends CallOptions {
  readonly query?: Query
}

export interface ApplyOptions extends CallOptions {
  /** Owner of the fields in the body: fields left out that it owned before are removed. */
  readonly fieldManager: string
  /** Takes over fields that another manager owns instead of failing with `Conflict`. Default false. */
  readonly force?: boolean
}

export interface WriteOptions extends CallOptions {
  /** Who is recorded as the one who wrote. */
  readonly fieldManager: string
}

/** Calls to the API server. Each rejects with an ApiError, or with the signal's reason when that aborts. */
export interface Rest {
  /** Reads an object or a collection and gives the parsed JSON, not yet checked by a schema. */
  get(path: string, options?: GetOptions): Promise<unknown>
  /** Server-side apply: creates or changes the object at `path` and gives it as stored. */
  apply(path: string, body: object, options: ApplyOptions): Promise<unknown>
  /** Strategic merge patch of the object at `path`: lists of the built-in kinds are merged by the keys of their elements. */
  merge(path: string, body: object, options: WriteOptions): Promise<unknown>
  /** Creates an object in the collection at `path` and gives it as stored; fails with status 409 if its name is taken. */
  create(path: string, body: object, options: WriteOptions): Promise<unknown>
  /**
   * Replaces the whole object at `path` and gives it as stored. With a resourceVersion in the body it fails with
   * status 409 where the object has changed since that version.
   */
  replace(path: string, body: object, options: WriteOptions): Promise<unknown>
}

/** Speaks to the API server of `config`, over the connections that it keeps. */
export function createRest(config: KubeConfig): Rest {
  return {
    get: (path, options = {}) => call(config, { method: 'GET', path, query: options.query }, options),
    apply: (path, body, options) =>
      call(
        config,
        {
          method: 'PATCH',
          path,
          query: { fieldManager: options.fieldManager, force: options.force },
          // JSON is YAML, and this media type is the one that every supported API server knows.
          contentType: 'application/apply-patch+yaml',
          body: JSON.stringify(body),
        },
        options,
      ),
    merge: (path, body, options) =>
      call(
        config,
        {
          method: 'PATCH',
          path,
          query: { fieldManager: options.fieldManager },
          contentType: 'application/strategic-merge-patch+json',
          body: JSON.stringify(body),
        },
        options,
      ),
    create: (path, body, options) => write('POST', path, body, options),
    replace: (path, body, options) => write('PUT', path, body, options),
  }

  function write(
    method: 'POST' | 'PUT',
    path: string,
    body: object,
    options: WriteOptions,
  ): Promise<unknown> {
    const query = { fieldManager: options.fieldManager }
    const contentType = 'application/json'
    return call(config, { method, path, query, contentType, body: JSON.stringify(body) }, options)
  }
}

async function call(
  config: KubeConfig,
  request: Omit<ApiRequest, 'signal'>,
  options: CallOptions,
): Promise<unknown> {
  options.signal?.throwIfAborted()
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  using limit = startDeadline(timeoutMs, options.signal)
  try {
    const response = await send(config, { ...request, signal: limit.signal })
    return parseBody(request, await response.text())
  } catch (error) {
    if (limit.expired()) {
      // A kept connection may have died without a word, and the next call must not be lost on another one.
      forgetConnections(config)
      throw new ApiError(0, 'Timeout', `no answer to ${describe(request)} within ${timeoutMs} ms`, {
        cause: error,
      })
    }
    options.signal?.throwIfAborted()
    if (error instanceof ApiError) throw error
    throw new ApiError(0, 'Disconnected', `the answer to ${describe(request)} broke off`, { cause: error })
  }
}

function parseBody(request: Pick<ApiRequest, 'method' | 'path'>, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ApiError(0, 'MalformedReply', `the answer to ${describe(request)} is not JSON`, { cause })
  }
}
