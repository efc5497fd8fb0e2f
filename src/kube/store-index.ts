import { objectKey } from './object-key.ts'
import type { StoredObject } from './resource.ts'
import type { ReadableStore } from './store.ts'

/**
 * Finds objects of a store by something other than their name, without a scan. It starts with the present
 * objects and follows every change until the signal aborts. Objects for which `keyOf` returns undefined are
 * left out.
 */
export function indexStore<T extends StoredObject>(
  store: ReadableStore<T>,
  keyOf: (object: T) => string | undefined,
  signal?: AbortSignal,
): (key: string) => Iterable<T> {
  // Most keys have one object. Maps with one entry each would take several MiB for 10,000 objects.
  const index = new Map<string, T | Map<string, T>>()
  const add = (object: T): void => {
    const key = keyOf(object)
    if (key === undefined) return
    const found = index.get(key)
    if (found instanceof Map) found.set(nameOf(object), object)
    else if (found === undefined || nameOf(found) === nameOf(object)) index.set(key, object)
    else index.set(key, new Map([found, object].map(each => [nameOf(each), each])))
  }
  const remove = (object: T): void => {
    const key = keyOf(object)
    if (key === undefined) return
    const found = index.get(key)
    if (found instanceof Map) {
      found.delete(nameOf(object))
      if (found.size === 0) index.delete(key)
    } else if (found !== undefined && nameOf(found) === nameOf(object)) index.delete(key)
  }
  for (const object of store.values()) add(object)
  const stop = store.onChange(change => {
    if (change.type === 'deleted') return remove(change.object)
    if (change.type === 'updated') remove(change.previous)
    add(change.object)
  })
  signal?.addEventListener('abort', stop, { once: true })
  return key => {
    const found = index.get(key)
    if (found === undefined) return []
    return found instanceof Map ? found.values() : [found]
  }
}

function nameOf({ metadata }: StoredObject): string {
  return objectKey(metadata.namespace, metadata.name)
}
