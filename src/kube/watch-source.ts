import type { StoredObject } from './resource.ts'
import type { Change, ReadableStore } from './store.ts'

/** Triggers a look at an object. If the object does not exist, nothing happens. */
export type Wake = (namespace: string | undefined, name: string) => void

/** Other objects whose changes trigger looks at objects of `kind`. Returns a function that stops this. */
export type WatchSource = (wake: Wake, kind: string) => () => void

/** An object with its owner references. */
export interface OwnedObject extends StoredObject {
  metadata: StoredObject['metadata'] & { ownerReferences?: readonly OwnerReference[] | undefined }
}

interface OwnerReference {
  kind?: string | undefined
  name?: string | undefined
  controller?: boolean | undefined
}

/**
 * Each change of an object in the store triggers a look at the object that controls it: `owns(stores.Job)`.
 */
export function owns<T extends OwnedObject>(store: ReadableStore<T>): WatchSource {
  return (wake, kind) =>
    store.onChange(({ object: { metadata } }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)
      if (owner?.kind === kind && owner.name) wake(metadata.namespace, owner.name)
    })
}

/**
 * Each change of an object in the store triggers a look at the objects that `affected` returns:
 * `watches(stores.Secret, secret => cachesWith(secret))`.
 */
export function watches<T>(
  store: ReadableStore<T>,
  affected: (object: T, change: Change<T>) => Iterable<StoredObject>,
): WatchSource {
  return wake =>
    store.onChange(change => {
      for (const { metadata } of affected(change.object, change)) wake(metadata.namespace, metadata.name)
    })
}

/** A source that triggers a look whenever somebody calls `wake`. */
export function onDemand(): { source: WatchSource; wake: Wake } {
  let wake: Wake = () => {}
  return {
    source: given => {
      wake = given
      return () => {}
    },
    wake: (namespace, name) => wake(namespace, name),
  }
}
