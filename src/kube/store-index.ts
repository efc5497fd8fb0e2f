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
  const index = new Map<string, Map<string, T>>()
  const add = (object: T): void => {
    const key = keyOf(object)
    if (key === undefined) return
    const found = index.get(key) ?? new Map<string, T>()
    index.set(key, found.set(nameOf(object), object))
  }
  const remove = (object: T): void => {
    const key = keyOf(object)
    if (key === undefined) return
    const found = index.get(key)
    found?.delete(nameOf(object))
    if (found?.size === 0) index.delete(key)
  }
  for (const object of store.values()) add(object)
  const stop = store.onChange(change => {
    if (change.type === 'deleted') return remove(change.object)
    if (change.type === 'updated') remove(change.previous)
    add(change.object)
  })
  signal?.addEventListener('abort', stop, { once: true })
  return key => index.get(key)?.values() ?? []
}

function nameOf({ metadata }: StoredObject): string {
  return objectKey(metadata.namespace, metadata.name)
}
