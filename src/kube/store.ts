import type { Logger } from 'pino'
import { z } from 'zod'
import { objectKey } from './object-key.ts'
import { parseObject, type Resource, type StoredObject } from './resource.ts'

export type Change<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'updated'; readonly object: T; readonly previous: T }
  | { readonly type: 'deleted'; readonly object: T }

/** The objects of one kind as of the last event, for readers. */
export interface ReadableStore<T> {
  /** `namespace` is undefined for kinds without namespaces. */
  get(namespace: string | undefined, name: string): T | undefined
  values(): Iterable<T>
  size(): number
  /** How many objects or events could not be parsed since the start. */
  malformed(): number
  /**
   * Calls `listener` after each change from now on, in order. Present objects are not replayed. Returns a
   * function that stops this.
   */
  onChange(listener: (change: Change<T>) => void): () => void
}

/** A store, and how a reflector fills it with objects as they came from the API server. */
export interface Store<T> extends ReadableStore<T> {
  /** Takes a whole list. Objects that we hold and that are not in it were deleted meanwhile. */
  replace(items: readonly unknown[]): void
  /** Starts to take a whole list in parts. A list that is not finished deletes nothing. */
  beginReplace(): { add(items: readonly unknown[]): void; finish(): void }
  upsert(raw: unknown): void
  remove(raw: unknown): void
}

const identity = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
})

function keyIn({ metadata }: StoredObject): string {
  return objectKey(metadata.namespace, metadata.name)
}

/**
 * Creates an empty store of one kind.
 *
 * If the schema rejects an object, it is logged and counted, and its last good version stays. Such an object
 * was most likely written under a newer CRD while this build was still running. Dropping it would tell pods
 * that their cache is gone, when we only know that we cannot read its newest state.
 */
export function createStore<T extends StoredObject>(options: {
  resource: Resource<T>
  logger: Logger
}): Store<T> {
  const { resource, logger } = options
  const objects = new Map<string, T>()
  const listeners = new Set<(change: Change<T>) => void>()
  let malformed = 0

  const emit = (change: Change<T>): void => {
    for (const listener of listeners) {
      try {
        listener(change)
      } catch (err) {
        logger.error({ err, kind: resource.kind, change: change.type }, 'a listener failed')
      }
    }
  }

  const refuse = (key: string | undefined, error: z.ZodError): void => {
    malformed += 1
    const issues = z.prettifyError(error)
    logger.error(
      { kind: resource.kind, object: key, issues },
      'cannot parse an object; its last good version stays',
    )
  }

  const keyOf = (raw: unknown): string | undefined => {
    const parsed = identity.safeParse(raw)
    if (parsed.success) return keyIn(parsed.data)
    refuse(undefined, parsed.error)
    return undefined
  }

  /** Puts an object in, if it can be parsed, and returns its key; undefined if it has none. */
  const put = (raw: unknown): string | undefined => {
    const parsed = parseObject(resource, raw)
    if (!parsed.success) {
      const key = keyOf(raw)
      if (key !== undefined) refuse(key, parsed.error)
      return key
    }
    const object = parsed.data
    const key = keyIn(object)
    const previous = objects.get(key)
    objects.set(key, object)
    if (previous === undefined) emit({ type: 'added', object })
    // A list repeats what we already know.
    else if (!isSameVersion(previous, object)) emit({ type: 'updated', object, previous })
    return key
  }

  const drop = (key: string): void => {
    const object = objects.get(key)
    if (objects.delete(key) && object !== undefined) emit({ type: 'deleted', object })
  }

  const beginReplace = () => {
    const listed = new Set<string>()
    return {
      add(items: readonly unknown[]): void {
        for (const raw of items) {
          const key = put(raw)
          if (key !== undefined) listed.add(key)
        }
      },
      finish(): void {
        for (const key of [...objects.keys()]) if (!listed.has(key)) drop(key)
      },
    }
  }

  return {
    get: (namespace, name) => objects.get(objectKey(namespace, name)),
    values: () => objects.values(),
    size: () => objects.size,
    malformed: () => malformed,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    replace(items) {
      const { add, finish } = beginReplace()
      add(items)
      finish()
    },
    beginReplace,
    upsert(raw) {
      put(raw)
    },
    remove(raw) {
      const key = keyOf(raw)
      if (key !== undefined) drop(key)
    },
  }
}

function isSameVersion(a: StoredObject, b: StoredObject): boolean {
  return a.metadata.resourceVersion !== undefined && a.metadata.resourceVersion === b.metadata.resourceVersion
}
