import type { ClusterView, ObjectRef } from '../admission/cluster-view.ts'
import type { RuleKind, RuleKinds } from '../api/kinds.ts'
import { KINDS } from '../cluster/kinds.ts'
import { ApiError, isTimeout } from '../kube/api-error.ts'
import { startDeadline } from '../kube/deadline.ts'
import { listAll } from '../kube/list.ts'
import {
  collectionPath,
  objectPath,
  parseObject,
  type Resource,
  type StoredObject,
} from '../kube/resource.ts'
import { isNotFound, type Rest } from '../kube/rest.ts'
import { untilAborted } from '../kube/until-aborted.ts'
import { overlay } from './overlay.ts'

/** Pods are listed without the label, which anybody who may change a pod can take off. */
const { labelSelector: _, ...podsOfAnyLabel } = KINDS.Pod
const LISTED: typeof KINDS = { ...KINDS, Pod: podsOfAnyLabel }

/** For a list. Below the webhook's own limit of 5 s, so that a slow API server is named as the cause. */
const READ_TIMEOUT_MS = 4_000
/**
 * For one object: much longer than a healthy API server takes, and short enough that the read can be made once more
 * over another connection, in case the one that was kept has died without a word.
 */
const FIRST_READ_MS = 1_500
const SECOND_READ_MS = READ_TIMEOUT_MS - FIRST_READ_MS

/**
 * Reads each of `refs` from the API server, all at once, and gives a view that answers those from what was read
 * (404 is absent) and everything else from `view`.
 *
 * Rejects with an ApiError when a read fails otherwise or gives what its schema refuses, and with the signal's
 * reason when that aborts.
 */
export type LiveReader = (
  view: ClusterView,
  refs: readonly ObjectRef[],
  signal: AbortSignal,
) => Promise<ClusterView>

/**
 * Creates the reader that confirms decisions. Reads of the same object that overlap share one request, so
 * thousands of pods that wait for one cache cost one request at a time; what one of them gets is at most one
 * round trip older than its own question. Nothing is kept after the reply.
 */
export function createLiveReader(rest: Rest): LiveReader {
  const share = shareOverlapping()
  const object = <K extends RuleKind>(kind: K, namespace: string | undefined, name: string) => {
    const path = objectPath(KINDS[kind], namespace, name)
    return share(path, () => readObject<RuleKinds[K]>(rest, KINDS[kind], path))
  }
  const list = <K extends RuleKind>(kind: K, namespace: string | undefined) =>
    share(collectionPath(LISTED[kind], namespace), () =>
      readList<RuleKinds[K]>(rest, LISTED[kind], namespace),
    )

  return async (view, refs, signal) => {
    signal.throwIfAborted()
    const { view: known, answers } = overlay(view)
    const answer = async (ref: ObjectRef): Promise<void> => {
      if ('list' in ref) answers.list(ref.list, ref.namespace, await list(ref.list, ref.namespace))
      else answers.object(ref.kind, ref.namespace, ref.name, await object(ref.kind, ref.namespace, ref.name))
    }
    await untilAborted(Promise.all(refs.map(answer)), signal)
    return known
  }
}

async function readObject<T extends StoredObject>(
  rest: Rest,
  resource: Resource<T>,
  path: string,
): Promise<T | undefined> {
  try {
    return parseLive(resource, await getTwice(rest, path))
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

async function getTwice(rest: Rest, path: string): Promise<unknown> {
  try {
    return await rest.get(path, { timeoutMs: FIRST_READ_MS })
  } catch (error) {
    if (!isTimeout(error)) throw error
    return rest.get(path, { timeoutMs: SECOND_READ_MS })
  }
}

/**
 * Reads all objects of a kind, in one namespace or of the whole cluster; none of a kind that the cluster does not
 * have.
 */
async function readList<T extends StoredObject>(
  rest: Rest,
  resource: Resource<T>,
  namespace: string | undefined,
): Promise<readonly T[]> {
  // For all pages together: what is not answered by then is not waited for.
  using limit = startDeadline(READ_TIMEOUT_MS)
  const { signal } = limit
  try {
    return await listAll(rest, resource, { ...(namespace !== undefined && { namespace }), signal })
  } catch (error) {
    if (resource.optional && isNotFound(error)) return []
    if (!limit.expired()) throw error
    const path = collectionPath(resource, namespace)
    throw new ApiError(0, 'Timeout', `no whole answer to GET ${path} within ${READ_TIMEOUT_MS} ms`, {
      cause: error,
    })
  }
}

function parseLive<T extends StoredObject>(resource: Resource<T>, raw: unknown): T {
  const parsed = parseObject(resource, raw)
  if (parsed.success) return parsed.data
  throw new ApiError(0, 'MalformedReply', `cannot read a ${resource.kind}`, { cause: parsed.error })
}

/** Callers that ask for a path while a read of it is under way get that read. None can cancel it for the others. */
function shareOverlapping(): <V>(path: string, read: () => Promise<V>) => Promise<V> {
  const underWay = new Map<string, Promise<unknown>>()
  return <V>(path: string, read: () => Promise<V>) => {
    // What is read from a path is always of the same kind.
    const shared = underWay.get(path) as Promise<V> | undefined
    if (shared !== undefined) return shared
    const started = read().finally(() => underWay.delete(path))
    underWay.set(path, started)
    return started
  }
}
