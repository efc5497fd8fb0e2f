import type { ClusterView, ObjectRef } from '../admission/cluster-view.ts'
import {
  consumerPods,
  inferenceClusters,
  modelCaches,
  namespaces,
  persistentVolumeClaims,
  storageClasses,
  storageProfiles,
} from '../cluster/kinds.ts'
import { ApiError, isTimeout } from '../kube/api-error.ts'
import { listAll } from '../kube/list.ts'
import { objectKey } from '../kube/object-key.ts'
import { objectPath, parseObject, type Resource, type StoredObject } from '../kube/resource.ts'
import { isNotFound, type Rest } from '../kube/rest.ts'
import { untilAborted } from '../kube/until-aborted.ts'
import { noAnswers, overlay } from './overlay.ts'

const { labelSelector: _, ...podsOfAnyLabel } = consumerPods

/** For a list. Below the webhook's own limit of 5 s, so that a slow API server is named as the cause. */
const READ_TIMEOUT_MS = 4_000
/**
 * For one object: much longer than a healthy API server takes, and short enough that the read can be made once more over
 * another connection, in case the one that was kept has died without a word.
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
  const readCache = objectReader(rest, modelCaches)
  const readClaim = objectReader(rest, persistentVolumeClaims)
  const readPod = objectReader(rest, consumerPods)
  const readClass = objectReader(rest, storageClasses)
  const readProfile = objectReader(rest, storageProfiles)
  const readNamespace = objectReader(rest, namespaces)
  // Without the label, which anybody who may change a pod can take off.
  const listPods = listReader(rest, podsOfAnyLabel)
  const listClasses = listReader(rest, storageClasses)
  const listInferenceClusters = listReader(rest, inferenceClusters)

  return async (view, refs, signal) => {
    signal.throwIfAborted()
    const read = noAnswers()
    const answer = async (ref: ObjectRef): Promise<void> => {
      const key = 'namespace' in ref && 'name' in ref ? objectKey(ref.namespace, ref.name) : ''
      switch (ref.kind) {
        case 'ModelCache':
          read.modelCaches.set(key, await readCache(ref.namespace, ref.name))
          break
        case 'PersistentVolumeClaim':
          read.claims.set(key, await readClaim(ref.namespace, ref.name))
          break
        case 'Pod':
          read.pods.set(key, await readPod(ref.namespace, ref.name))
          break
        case 'StorageClass':
          read.classes.set(ref.name, await readClass(undefined, ref.name))
          break
        case 'StorageProfile':
          read.profiles.set(ref.name, await readProfile(undefined, ref.name))
          break
        case 'Namespace':
          read.namespaces.set(ref.name, await readNamespace(undefined, ref.name))
          break
        case 'ConsumerPodList':
          read.consumers.set(ref.namespace, await listPods(ref.namespace))
          break
        case 'StorageClassList':
          read.allClasses = await listClasses()
          break
        case 'InferenceClusterList':
          read.inferenceClusters = await listInferenceClusters()
          break
      }
    }
    await untilAborted(Promise.all(refs.map(answer)), signal)
    return overlay(view, read)
  }
}

function objectReader<T extends StoredObject>(
  rest: Rest,
  resource: Resource<T>,
): (namespace: string | undefined, name: string) => Promise<T | undefined> {
  const read = shareOverlapping(async path => {
    try {
      return parseLive(resource, await getTwice(rest, path))
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  })
  return (namespace, name) => read(objectPath(resource, namespace, name))
}

async function getTwice(rest: Rest, path: string): Promise<unknown> {
  try {
    return await rest.get(path, { timeoutMs: FIRST_READ_MS })
  } catch (error) {
    if (!isTimeout(error)) throw error
    return rest.get(path, { timeoutMs: SECOND_READ_MS })
  }
}

/** Reads all objects of a kind, in one namespace or of the whole cluster; none of a kind that the cluster does not have. */
function listReader<T extends StoredObject>(
  rest: Rest,
  resource: Resource<T>,
): (namespace?: string) => Promise<readonly T[]> {
  const read = shareOverlapping(async namespace => {
    const scope = namespace === '' ? {} : { namespace }
    try {
      const { items } = await listAll(rest, resource, { ...scope, timeoutMs: READ_TIMEOUT_MS })
      return items.map(item => parseLive(resource, item))
    } catch (error) {
      if (resource.optional && isNotFound(error)) return []
      throw error
    }
  })
  return (namespace = '') => read(namespace)
}

function parseLive<T extends StoredObject>(resource: Resource<T>, raw: unknown): T {
  const parsed = parseObject(resource, raw)
  if (parsed.success) return parsed.data
  throw new ApiError(0, 'MalformedReply', `cannot read a ${resource.kind}`, { cause: parsed.error })
}

/** Callers that ask for a key while a read of it is under way get that read. None can cancel it for the others. */
function shareOverlapping<V>(read: (key: string) => Promise<V>): (key: string) => Promise<V> {
  const underWay = new Map<string, Promise<V>>()
  return key => {
    const shared = underWay.get(key)
    if (shared !== undefined) return shared
    const started = read(key).finally(() => underWay.delete(key))
    underWay.set(key, started)
    return started
  }
}
