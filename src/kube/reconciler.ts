import type { Logger } from 'pino'
import { objectKey } from './object-key.ts'
import type { StoredObject } from './resource.ts'
import type { ReadableStore } from './store.ts'
import type { Wake, WatchSource } from './watch-source.ts'
import { type ReconcileResult, startWorkQueue, type WorkResult } from './work-queue.ts'

/** Receives what happens in reconcilers, for the metrics page. */
export interface ReconcilerObserver {
  worked(reconciler: string, result: WorkResult, seconds: number): void
  /** `read` returns how many keys are waiting. */
  waiting(reconciler: string, read: () => number): void
}

export interface ReconcilerOptions<T extends StoredObject> {
  /** The name in logs and metrics. */
  readonly name: string
  /** We look at each of its objects now, and after each change of the object. */
  readonly store: ReadableStore<T>
  /** The kind of these objects. Owner references use it. */
  readonly kind: string
  /** What else triggers a look: `owns(store)`, `watches(store, affected)`. */
  readonly sources?: readonly WatchSource[]
  /** Brings the cluster in line with one object as it is now. It rejects if it should be tried again. */
  readonly reconcile: (object: T) => Promise<ReconcileResult | undefined>
  /** How many objects are worked on side by side. */
  readonly concurrency: number
  readonly observer: ReconcilerObserver
  readonly logger: Logger
  readonly signal: AbortSignal
}

/**
 * Reconciles the objects of a store until the signal aborts; can be started again after that. It is
 * level-triggered: any number of changes leads to one look at the object as it is then, and two looks at the
 * same object never overlap.
 */
export function startReconciler<T extends StoredObject>(options: ReconcilerOptions<T>): void {
  const { name, store, kind, sources = [], reconcile, concurrency, observer, signal } = options
  const logger = options.logger.child({ reconciler: name })
  const queue = startWorkQueue({
    async reconcile(key) {
      const [namespace, objectName = ''] = key.split('/')
      const object = store.get(namespace || undefined, objectName)
      if (object === undefined) return undefined
      const { resourceVersion } = object.metadata
      logger.debug({ namespace, name: objectName, version: resourceVersion }, 'looking at an object')
      return reconcile(object)
    },
    concurrency,
    onWorked: (result, seconds) => observer.worked(name, result, seconds),
    logger,
    signal,
  })
  const add = ({ metadata }: StoredObject) => queue.add(objectKey(metadata.namespace, metadata.name))
  const wake: Wake = (namespace, objectName) => queue.add(objectKey(namespace, objectName))
  const stops = [
    store.onChange(({ object }) => add(object)),
    ...sources.map(subscribe => subscribe(wake, kind)),
  ]
  for (const stop of stops) signal.addEventListener('abort', stop, { once: true })
  observer.waiting(name, queue.waiting)
  for (const object of store.values()) add(object)
}
