import type { ClusterView, ObjectRef } from '../admission/cluster-view.ts'
import type { RuleKind, RuleKinds } from '../api/kinds.ts'
import { KINDS } from '../cluster/kinds.ts'
import { startDeadline } from '../deadline.ts'
import { ApiError, isTimeout } from '../kube/api-error.ts'
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

/** Pods are listed without the label, because anybody who may change a pod can remove it. */
const { labelSelector: _, ...podsOfAnyLabel } = KINDS.Pod
const LISTED: typeof KINDS = { ...KINDS, Pod: podsOfAnyLabel }

/**
 * For a list. Shorter than the webhook's own limit of 5 s, so that our answer can name a slow API server as
 * the cause.
 */
const READ_TIMEOUT_MS = 4_000
/**
 * For one object: much longer than a healthy API server takes, and short enough to repeat the read over
 * another connection, in case the kept one has died silently.
 */
const FIRST_READ_MS = 1_500
const SECOND_READ_MS = READ_TIMEOUT_MS - FIRST_READ_MS

/**
 * Reads each of `refs` from the API server, all at once, and returns a view that answers those from what was
 * read (404 means absent) and everything else from `view`. If all of them are as `view` has them, the result
 * is `view` itself, and whatever was decided with it stands.
 *
 * Rejects with an ApiError if a read fails in another way or its schema rejects the result, and with the
 * signal's reason if the signal aborts.
 */
export type LiveReader = (
  view: ClusterView,
  refs: readonly ObjectRef[],
  signal: AbortSignal,
) => Promise<ClusterView>

/**
 * Creates the reader that confirms decisions. Overlapping reads of the same object share one request, so
 * thousands of pods that wait for one cache cost one request at a time. The shared result is at most one
 * round trip older than the question. Nothing is kept after the reply.
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
    let isSame = true
    const answer = async (ref: ObjectRef): Promise<void> => {
      if ('list' in ref) {
        answers.list(ref.list, ref.namespace, await list(ref.list, ref.namespace))
        isSame = false
        return
      }
      const { kind, namespace, name } = ref
      // The caller decided with this state. The watch may bring a newer one while we read.
      const before = view.get(kind, namespace, name)
      const found = await object(kind, namespace, name)
      answers.object(kind, namespace, name, found)
      isSame &&= isSameState(before, found)
    }
    await untilAborted(Promise.all(refs.map(answer)), signal)
    return isSame ? view : known
  }
}

/** Kubernetes: with each change of an object it gets another resourceVersion, also when it is made again. */
function isSameState(one: StoredObject | undefined, other: StoredObject | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  const { resourceVersion } = one.metadata
  return resourceVersion !== undefined && resourceVersion === other.metadata.resourceVersion
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
 * Reads all objects of a kind, in one namespace or in the whole cluster. Returns none if the cluster does not
 * have the kind.
 */
async function readList<T extends StoredObject>(
  rest: Rest,
  resource: Resource<T>,
  namespace: string | undefined,
): Promise<readonly T[]> {
  // For all pages together. Pages that are not here by then are not waited for.
  using limit = startDeadline(READ_TIMEOUT_MS)
  const { signal } = limit
  try {
    return await listAll(rest, resource, { ...(namespace !== undefined && { namespace }), signal })
  } catch (error) {
    if (resource.optional && isNotFound(error)) return []
    if (!limit.expired()) throw error
    const path = collectionPath(resource, namespace)
    throw new ApiError(0, 'Timeout', `no complete answer to GET ${path} within ${READ_TIMEOUT_MS} ms`, {
      cause: error,
    })
  }
}

function parseLive<T extends StoredObject>(resource: Resource<T>, raw: unknown): T {
  const parsed = parseObject(resource, raw)
  if (parsed.success) return parsed.data
  throw new ApiError(0, 'MalformedReply', `cannot read a ${resource.kind}`, { cause: parsed.error })
}

/** Callers that ask for a path during a read of it share that read. None can cancel it for the others. */
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
