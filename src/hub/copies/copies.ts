import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import { foreign } from '../../api/schema/text.ts'
import { ApiError, isConflict, isNotFound } from '../../kube/api-error.ts'
import { objectKey } from '../../kube/object-key.ts'
import type { ReconcilerObserver } from '../../kube/reconciler.ts'
import { startReflector } from '../../kube/reflector.ts'
import type { CallOptions, Rest } from '../../kube/rest.ts'
import { createStore, type ReadableStore } from '../../kube/store.ts'
import { startWorkQueue } from '../../kube/work-queue.ts'
import { boundedStore } from './bounded-store.ts'
import type { AnyCopy, AnyOriginal, CopiedKind, CopyingHub } from './copied-kind.ts'
import { createCopyWriter } from './copy-writer.ts'

/** Calls to one cluster at a time. A slow one does not hold up the others, which have queues of their own. */
const CONCURRENCY = 4
/** How long until something that the cluster has denied is tried again. */
const AGAIN_MS = 30_000
const SPREAD_MS = 15_000
const MAX_MESSAGE = 512

/** The copies of one kind in one other cluster. */
export interface Copies<C> {
  readonly store: Pick<ReadableStore<C>, 'get' | 'values'>
  /** Whether the store is what the registered cluster has, as of the last event. */
  isKnown(): boolean
  /** Why the copy of an object is not as it should be, as far as it is known. */
  problemOf(key: string): string | undefined
  /** Looks at an object again, by its namespace and name. */
  look(key: string): void
}

export interface CopiesOptions<O extends AnyOriginal, C extends AnyCopy> {
  readonly cluster: string
  readonly kind: CopiedKind<O, C>
  readonly hub: CopyingHub
  readonly config: KubeConfig
  /** The API of the other cluster. */
  readonly rest: Pick<Rest, 'apply' | 'create' | 'delete' | 'get'>
  readonly call: CallOptions & { readonly signal: AbortSignal }
  /**
   * Whether it is still the registered cluster that answers; with `asks`, not as of a moment ago, but now.
   */
  readonly isSame: (how?: { asks: boolean }) => Promise<boolean>
  readonly observer: ReconcilerObserver
  readonly logger: Logger
}

/**
 * Keeps the copies of one kind in one cluster in line with the objects of the hub, until the signal aborts.
 */
export function startCopies<O extends AnyOriginal, C extends AnyCopy>(
  options: CopiesOptions<O, C>,
): Copies<C> {
  const { cluster, kind, hub, config, rest, call, isSame, observer, logger } = options
  const { resource, originals } = kind
  const { signal } = call
  const isWanted = (namespace: string | undefined, name: string) =>
    originals.get(namespace, name) !== undefined
  const copies = boundedStore(createStore({ resource, logger }), isWanted)
  const writer = createCopyWriter({ resource, hub, rest, isSame: () => isSame(), logger, call })
  const problems = new Map<string, string>()
  /** A copy is gone that the hub has not deleted. Perhaps the whole cluster is another one. */
  let isDoubtful = false
  /** The UIDs of copies that the hub has deleted, as far as they are still there. */
  const leaving = new Set<string | undefined>()

  /** Returns what is in the way. */
  const act = async (key: string): Promise<string | undefined> => {
    const [namespace, name = ''] = key.split('/')
    const original = originals.get(namespace, name)
    // An original that is gone, though nobody has deleted it by way of the API, leaves its copies alone.
    if (original === undefined) return undefined
    const copy = copies.get(namespace, name)
    const plan = kind.planFor(original, copy, cluster)
    if (plan.do === 'nothing') return plan.problem
    if (plan.do === 'apply') return writer.bring(original, copy, plan.wanted)
    if (copy !== undefined) await remove(copy)
    return undefined
  }

  const remove = async (copy: C): Promise<void> => {
    const { uid } = copy.metadata
    leaving.add(uid)
    try {
      await writer.remove(copy)
    } catch (error) {
      leaving.delete(uid)
      throw error
    }
  }

  const noteLoss = (copy: C): void => {
    const { namespace, name, uid } = copy.metadata
    writer.forget(copy)
    if (!leaving.delete(uid) && originals.get(namespace, name) !== undefined) isDoubtful = true
  }

  const settle = (key: string, problem: string | undefined): void => {
    const words = problem && foreign(problem, MAX_MESSAGE)
    if (problems.get(key) === words) return
    if (words === undefined) problems.delete(key)
    else problems.set(key, words)
    kind.onNews(key)
  }

  const queue = startWorkQueue({
    async reconcile(key) {
      if (!reflector.synced()) return undefined
      if (isDoubtful) {
        if (!(await isSame({ asks: true }))) return undefined
        isDoubtful = false
        kind.onNews(key)
      }
      try {
        const problem = await act(key)
        settle(key, problem)
        return problem === undefined ? undefined : again()
      } catch (error) {
        const rejection = rejectionOf(error, resource.kind)
        // What is over soon is not worth a word.
        if (rejection === undefined) throw error
        settle(key, rejection)
        return again()
      }
    },
    concurrency: CONCURRENCY,
    onWorked: (result, seconds) => observer.worked('copies', result, seconds),
    logger,
    signal,
  })
  copies.onChange(({ type, object }) => {
    if (type === 'deleted') noteLoss(object)
    queue.add(keyOf(object))
    kind.onNews(keyOf(object))
  })
  const reflector = startReflector({ resource, config, store: copies, logger, signal })
  reflector.whenSynced.then(
    () => {
      for (const original of originals.values()) {
        if (!kind.travels(original)) continue
        queue.add(keyOf(original))
        kind.onNews(keyOf(original))
      }
    },
    () => {},
  )
  return {
    store: copies,
    isKnown: () => reflector.synced() && !isDoubtful,
    problemOf: key => problems.get(key),
    look: queue.add,
  }
}

export function keyOf({ metadata }: { metadata: { namespace?: string | undefined; name: string } }): string {
  return objectKey(metadata.namespace, metadata.name)
}

function again() {
  return { againMs: AGAIN_MS + Math.random() * SPREAD_MS }
}

/** What a cluster has said against a write; undefined if that passes by itself. */
function rejectionOf(error: unknown, kind: string): string | undefined {
  if (!(error instanceof ApiError) || isConflict(error)) return undefined
  // The API server names what it has not found, unless that is the kind.
  if (isNotFound(error) && !error.message.includes('not found'))
    return `the cluster has no ${kind}s; install a newer version of ModelCache there`
  if (isNotFound(error)) return `${error.message}; create it, or leave that cluster out of the selector`
  // Server-side apply answers so, with status 500, if the CRD there lacks a field.
  if (error.message.includes(UNDECLARED))
    return `ModelCache there has another version, without a field of this ${kind}; install the same version there, or leave out the field: ${error.message}`
  return [400, 403, 422].includes(error.status) ? error.message : undefined
}

const UNDECLARED = 'field not declared in schema'
