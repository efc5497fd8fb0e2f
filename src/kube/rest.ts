import type { KubeConfig } from '@kubernetes/client-node'
import { startDeadline } from '../deadline.ts'
import { ApiError } from './api-error.ts'
import { forgetConnections } from './kubeconfig.ts'
import { withoutManagedFields } from './managed-fields.ts'
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
  /** Maximum bytes of the answer, after which the call fails with reason `ReplyTooLarge`. Default 16 MiB. */
  readonly maxBytes?: number
  /** Asks for an answer that is not compressed, over a network that is faster than compression. */
  readonly encoding?: 'identity' | undefined
  /** Called with the number of bytes of the answer. */
  readonly onSize?: (bytes: number) => void
}

export interface ApplyOptions extends CallOptions {
  /**
   * Field manager of the fields in the body. Fields that it owned before and that are left out are removed.
   */
  readonly fieldManager: string
  /** Takes over fields of another manager instead of failing with `Conflict`. Default false. */
  readonly force?: boolean
}

export interface DeleteOptions extends CallOptions {
  /** Deletes the object of that name only if it has this UID. */
  readonly uid?: string | undefined
  /**
   * What happens to its dependents. There is no default, because the API's own default orphans the pods of a
   * Job.
   */
  readonly propagation: 'Background' | 'Foreground' | 'Orphan'
}

export interface LogOptions extends CallOptions {
  readonly container?: string
  /** At most this many lines, from the end. */
  readonly tailLines: number
  /** At most this many bytes. */
  readonly limitBytes: number
}

export interface WriteOptions extends CallOptions {
  /** The field manager of the write. */
  readonly fieldManager: string
}

/**
 * Calls to the API server. Each rejects with an ApiError, or with the signal's reason if the signal aborts.
 */
export interface Rest {
  /** Reads an object or a collection, and returns the parsed JSON without checking it by a schema. */
  get(path: string, options?: GetOptions): Promise<unknown>
  /** Server-side apply: creates or changes the object at `path`, and returns it as stored. */
  apply(path: string, body: object, options: ApplyOptions): Promise<unknown>
  /**
   * Strategic merge patch of the object at `path`: lists of built-in kinds are merged by the keys of their
   * elements.
   */
  strategicMerge(path: string, body: object, options: WriteOptions): Promise<unknown>
  /**
   * JSON merge patch (RFC 7396) of the object at `path`: maps are merged, lists are replaced, null removes.
   */
  jsonMerge(path: string, body: object, options: WriteOptions): Promise<unknown>
  /**
   * Creates an object in the collection at `path` and returns it as stored. Fails with status 409 if its name
   * is taken.
   */
  create(path: string, body: object, options: WriteOptions): Promise<unknown>
  /**
   * Replaces the whole object at `path` and returns it as stored. With a resourceVersion in the body, it
   * fails with status 409 if the object has changed since that version.
   */
  replace(path: string, body: object, options: WriteOptions): Promise<unknown>
  /**
   * Deletes the object at `path`. Fails with status 409 if another object has its name now, and with 404 if
   * none has.
   */
  delete(path: string, options: DeleteOptions): Promise<void>
  /** The end of the log of a container in the pod at `path`. */
  log(path: string, options: LogOptions): Promise<string>
}

/** Calls the API server of `config`, over the connections that `config` keeps. */
export function createRest(config: KubeConfig): Rest {
  return {
    get: (path, options = {}) =>
      call(config, { method: 'GET', path, query: options.query, encoding: options.encoding }, options),
    apply: (path, body, options) =>
      call(
        config,
        {
          method: 'PATCH',
          path,
          query: { fieldManager: options.fieldManager, force: options.force },
          // JSON is YAML, and every supported API server knows this media type.
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
        // The API server does not accept text/plain for a log, but sends it.
        accept: 'application/json, */*',
      }
      return callFor(config, { method: 'GET', ...request }, options, body => body.toString())
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
 * Parse within the turn of a large answer, so that the text and values of two large answers never coexist.
 */
function call(
  config: KubeConfig,
  request: Omit<ApiRequest, 'signal'>,
  options: GetOptions,
): Promise<unknown> {
  return callFor(config, request, options, body => {
    options.onSize?.(body.length)
    return parseBody(request, body)
  })
}

async function callFor<V>(
  config: KubeConfig,
  request: Omit<ApiRequest, 'signal'>,
  options: Pick<GetOptions, 'signal' | 'timeoutMs' | 'maxBytes'>,
  use: (body: Buffer) => V,
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
      // A kept connection may have died silently. Do not lose the next call on another one.
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

function parseBody(request: Pick<ApiRequest, 'method' | 'path'>, body: Buffer): unknown {
  try {
    return JSON.parse(withoutManagedFields(body).toString())
  } catch (cause) {
    throw new ApiError(0, 'MalformedReply', `the answer to ${describe(request)} is not JSON`, { cause })
  }
}
