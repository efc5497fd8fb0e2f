import type { ClusterView, ObjectRef } from '../admission/clusterview.ts'
import { ownsClaim } from '../api/managedclaim.ts'
import type { ModelCache } from '../api/modelcache.ts'
import type { PersistentVolumeClaim } from '../api/persistentvolumeclaim.ts'
import type { StorageClass } from '../api/storageclass.ts'
import { ApiError } from './apierror.ts'
import { listAll } from './list.ts'
import {
  modelCaches,
  objectPath,
  parseObject,
  persistentVolumeClaims,
  type Resource,
  type StoredObject,
  storageClasses,
} from './resource.ts'
import { isNotFound, type Rest } from './rest.ts'
import { objectKey } from './store.ts'
import { untilAborted } from './untilaborted.ts'

/** Below the webhook's own limit of 5 s, so that a slow API server is named as the cause. */
const READ_TIMEOUT_MS = 4_000

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
 * Creates the reader that confirms negative answers. Reads of the same object that overlap share one request, so
 * thousands of pods that wait for one cache cost one request at a time; what one of them gets is at most one
 * round trip older than its own question. Nothing is kept after the reply.
 */
export function createLiveReader(rest: Rest): LiveReader {
  const readCache = sharedObjectReads(rest, modelCaches)
  const readClaim = sharedObjectReads(rest, persistentVolumeClaims)
  const readClass = sharedObjectReads(rest, storageClasses)
  const readClasses = shareOverlapping(() => readAllClasses(rest))

  return async (view, refs, signal) => {
    signal.throwIfAborted()
    const read: Answers = { caches: new Map(), claims: new Map(), classes: new Map(), allClasses: undefined }
    const answer = async (ref: ObjectRef): Promise<void> => {
      switch (ref.kind) {
        case 'ModelCache':
          read.caches.set(objectKey(ref.namespace, ref.name), await readCache(ref.namespace, ref.name))
          break
        case 'PersistentVolumeClaim':
          read.claims.set(objectKey(ref.namespace, ref.name), await readClaim(ref.namespace, ref.name))
          break
        case 'StorageClass':
          read.classes.set(ref.name, await readClass(undefined, ref.name))
          break
        case 'StorageClassList':
          read.allClasses = await readClasses('')
          break
      }
    }
    await untilAborted(Promise.all(refs.map(answer)), signal)
    return overlay(view, read)
  }
}

/** What was read. A key that maps to undefined was read and found absent. */
interface Answers {
  readonly caches: Map<string, ModelCache | undefined>
  readonly claims: Map<string, PersistentVolumeClaim | undefined>
  readonly classes: Map<string, StorageClass | undefined>
  allClasses: ReadonlyMap<string, StorageClass> | undefined
}

function overlay(view: ClusterView, read: Answers): ClusterView {
  const { caches, claims, classes, allClasses } = read
  return {
    modelCache(namespace, name) {
      const key = objectKey(namespace, name)
      return caches.has(key) ? caches.get(key) : view.modelCache(namespace, name)
    },
    modelCacheOfClaim(namespace, claimName) {
      const known = view.modelCacheOfClaim(namespace, claimName)
      if (known !== undefined && !caches.has(objectKey(namespace, known.metadata.name))) return known
      return [...caches.values()].find(
        cache => cache?.metadata.namespace === namespace && ownsClaim(cache, claimName),
      )
    },
    claim(namespace, name) {
      const key = objectKey(namespace, name)
      return claims.has(key) ? claims.get(key) : view.claim(namespace, name)
    },
    storageClass(name) {
      if (classes.has(name)) return classes.get(name)
      // A whole list also knows which classes do not exist.
      return allClasses === undefined ? view.storageClass(name) : allClasses.get(name)
    },
    storageClasses: () => allClasses?.values() ?? view.storageClasses(),
    namespace: name => view.namespace(name),
  }
}

function sharedObjectReads<T extends StoredObject>(
  rest: Rest,
  resource: Resource<T>,
): (namespace: string | undefined, name: string) => Promise<T | undefined> {
  const read = shareOverlapping(async path => {
    try {
      return parseLive(resource, await rest.get(path, { timeoutMs: READ_TIMEOUT_MS }))
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  })
  return (namespace, name) => read(objectPath(resource, namespace, name))
}

async function readAllClasses(rest: Rest): Promise<ReadonlyMap<string, StorageClass>> {
  const { items } = await listAll(rest, storageClasses, { timeoutMs: READ_TIMEOUT_MS })
  return new Map(
    items.map(item => parseLive(storageClasses, item)).map(found => [found.metadata.name, found]),
  )
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
