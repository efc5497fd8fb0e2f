import type { KubeConfig } from '@kubernetes/client-node'
import { ApiError } from './api-error.ts'
import { startDeadline } from './deadline.ts'
import { forgetConnections } from './kubeconfig.ts'
import { readBody } from './reply-body.ts'
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
  /** Bytes over which the answer is given up, with reason `ReplyTooLarge`. Default 16 MiB. */
  readonly maxBytes?: number
  /** Told how many bytes the answer has. */
  readonly onSize?: (bytes: number) => void
}

export interface ApplyOptions extends CallOptions {
  /** Owner of the fields in the body: fields left out that it owned before are removed. */
  readonly fieldManager: string
  /** Takes over fields that another manager owns instead of failing with `Conflict`. Default false. */
  readonly force?: boolean
}

export interface DeleteOptions extends CallOptions {
  /** The object of that name is deleted only if it is this one. */
  readonly uid?: string | undefined
  /** What becomes of its dependents. There is no default: the API's own orphans the pods of a Job. */
  readonly propagation: 'Background' | 'Foreground' | 'Orphan'
}

export interface LogOptions extends CallOptions {
  readonly container?: string
  /** No more than so many lines from the end. */
  readonly tailLines: number
  /** No more than so many bytes. */
  readonly limitBytes: number
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
  /**
   * Strategic merge patch of the object at `path`: lists of the built-in kinds are merged by the keys of their
   * elements.
   */
  strategicMerge(path: string, body: object, options: WriteOptions): Promise<unknown>
  /** JSON merge patch (RFC 7396) of the object at `path`: maps are merged, lists are replaced, null removes. */
  jsonMerge(path: string, body: object, options: WriteOptions): Promise<unknown>
  /**
   * Creates an object in the collection at `path` and gives it as stored; fails with status 409 if its name is taken.
   */
  create(path: string, body: object, options: WriteOptions): Promise<unknown>
  /**
   * Replaces the whole object at `path` and gives it as stored. With a resourceVersion in the body it fails with
   * status 409 where the object has changed since that version.
   */
  replace(path: string, body: object, options: WriteOptions): Promise<unknown>
  /**
   * Deletes the object at `path`; fails with status 409 where another one has its name now, and with 404 where none
   * has.
   */
  delete(path: string, options: DeleteOptions): Promise<void>
  /** The log of a container of the pod at `path`, the end of it. */
  log(path: string, options: LogOptions): Promise<string>
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
    strategicMerge: (path, body, options) =>
      patch('application/strategic-merge-patch+json', path, body, options),
    jsonMerge: (path, body, options) => patch('application/merge-patch+json', path, body, options),
    create: (path, body, options) => write('POST', path, body, options),
    replace: (path, body, options) => write('PUT', path, body, options),
    async delete(path, options) {
      const { uid, propagation: propagationPolicy } = options
      const body = JSON.stringify({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy,
        ...(uid !== undefined && { preconditions: { uid } }),
      })
      await call(config, { method: 'DELETE', path, contentType: 'application/json', body }, options)
    },
    log(path, options) {
      const { container, tailLines, limitBytes } = options
      const request = {
        path: `${path}/log`,
        query: { container, tailLines, limitBytes },
        // Of a log the API server takes no text/plain, and sends it.
        accept: 'application/json, */*',
      }
      return callFor(config, { method: 'GET', ...request }, options, text => text)
    },
  }

  function patch(contentType: string, path: string, body: object, options: WriteOptions): Promise<unknown> {
    const query = { fieldManager: options.fieldManager }
    return call(config, { method: 'PATCH', path, query, contentType, body: JSON.stringify(body) }, options)
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

/**
 * Parses within the turn of a large answer, so that the text of one and its values are not there beside those of
 * another.
 */
function call(
  config: KubeConfig,
  request: Omit<ApiRequest, 'signal'>,
  options: GetOptions,
): Promise<unknown> {
  return callFor(config, request, options, (text, bytes) => {
    options.onSize?.(bytes)
    return parseBody(request, text)
  })
}

async function callFor<V>(
  config: KubeConfig,
  request: Omit<ApiRequest, 'signal'>,
  options: Pick<GetOptions, 'signal' | 'timeoutMs' | 'maxBytes'>,
  use: (text: string, bytes: number) => V,
): Promise<V> {
  options.signal?.throwIfAborted()
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  using limit = startDeadline(timeoutMs, options.signal)
  let isInLine = false
  try {
    const { signal } = limit
    const response = await send(config, { ...request, signal })
    const onWait = () => {
      isInLine = true
    }
    const onTurn = () => {
      isInLine = false
      limit.restart()
    }
    return await readBody(config, response, { signal, maxBytes: options.maxBytes, onWait, onTurn }, use)
  } catch (error) {
    if (limit.expired()) {
      // A kept connection may have died without a word, and the next call must not be lost on another one.
      if (!isInLine) forgetConnections(config)
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
