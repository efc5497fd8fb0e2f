import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { ModelCache } from '../api/modelcache.ts'
import { foreign, quote } from '../api/schema/text.ts'
import { ApiError, isConflict, isNotFound } from '../kube/api-error.ts'
import { objectKey } from '../kube/object-key.ts'
import type { ReconcilerObserver } from '../kube/reconciler.ts'
import { startReflector } from '../kube/reflector.ts'
import { createRest, type Rest } from '../kube/rest.ts'
import { createStore, type ReadableStore } from '../kube/store.ts'
import { startWorkQueue } from '../kube/work-queue.ts'
import { boundedStore } from './bounded-store.ts'
import { readClusterID } from './cluster-id.ts'
import { type Additions, type Copy, copiesOf } from './copy.ts'
import { createCopyWriter } from './copy-writer.ts'
import type { Choice } from './pins.ts'
import { stepFor } from './replicate.ts'
import type { WholeOf } from './whole.ts'

/** Calls to one cluster at a time. A slow one does not hold up the others, which have queues of their own. */
const CONCURRENCY = 4
/** How long until something that the cluster has denied is tried again. */
const AGAIN_MS = 30_000
const SPREAD_MS = 15_000
const TIMEOUT_MS = 15_000
const MAX_MESSAGE = 512
/** For so long a cluster counts as the one that has just answered. */
const SAME_MS = 2_000

/** A cluster that has copies of ModelCaches, or is to have some. */
export interface Member {
  readonly copies: Pick<ReadableStore<Copy>, 'get' | 'values'>
  /** Whether `copies` is what the registered cluster has, as of the last event. */
  isKnown(): boolean
  /** Why the copy of a ModelCache is not as it should be, as far as it is known. */
  problemOf(key: string): string | undefined
  /** Looks at a ModelCache again, by its namespace and name. */
  look(key: string): void
  /** Leaves the cluster as it is. */
  stop(): void
}

export interface MemberOptions {
  readonly name: string
  /** The UID of the cluster that was registered. */
  readonly clusterID: string
  readonly config: KubeConfig
  readonly hub: HubSide
  readonly observer: ReconcilerObserver
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** What members ask of the hub. */
export interface HubSide {
  readonly hubID: string
  readonly rest: Pick<Rest, 'get'>
  readonly wholeOf: WholeOf
  readonly caches: Pick<ReadableStore<ModelCache>, 'get' | 'values'>
  /** Whether a ModelCache goes to the cluster of this name. */
  isPlaced(cache: ModelCache, cluster: string): boolean
  /** The version of the Secret to copy with a ModelCache; undefined if there is none. */
  secretVersionFor(cache: ModelCache): string | undefined
  /** The revision of a ModelCache that the cluster of this name is to stage. */
  choiceFor(cache: ModelCache, cluster: string): Choice
  /** Something has changed about a ModelCache in a cluster. */
  onNews(key: string): void
  /** Another cluster answers in place of the registered one. */
  onReplaced(cluster: string): void
}

/** Keeps the copies in one cluster in line with the ModelCaches of the hub, until the signal aborts. */
export function startMember(options: MemberOptions): Member {
  const { name: cluster, clusterID, config, hub, observer } = options
  const logger = options.logger.child({ cluster })
  const stopped = new AbortController()
  const signal = AbortSignal.any([options.signal, stopped.signal])
  const rest = createRest(config)
  const resource = copiesOf(hub.hubID)
  const isWanted = (namespace: string | undefined, name: string) =>
    hub.caches.get(namespace, name) !== undefined
  const copies = boundedStore(createStore({ resource, logger }), isWanted)
  const problems = new Map<string, string>()
  /** A copy is gone that the hub has not deleted. Perhaps the whole cluster is another one. */
  let isDoubtful = false

  const call = { signal, timeoutMs: TIMEOUT_MS }

  /** When the registered cluster has answered last, in milliseconds. */
  let sameAt = Number.NEGATIVE_INFINITY

  /** Whether the registered cluster answers, as of a moment ago. */
  const isSame = async (): Promise<boolean> => {
    if (performance.now() - sameAt < SAME_MS) return true
    if ((await readClusterID(rest, call)) === clusterID) {
      sameAt = performance.now()
      return true
    }
    hub.onReplaced(cluster)
    return false
  }

  const writer = createCopyWriter({ resource, hub, rest, isSame, logger, call })

  const additionsOf = (cache: ModelCache | undefined, choice: Choice): Additions | undefined => {
    if (cache === undefined || 'waitsFor' in choice) return undefined
    return { secretVersion: hub.secretVersionFor(cache), pin: choice.pin }
  }

  const act = async (key: string, cache: ModelCache | undefined): Promise<string | undefined> => {
    const [namespace, name = ''] = key.split('/')
    const copy = copies.get(namespace, name)
    const isPlaced = cache !== undefined && hub.isPlaced(cache, cluster)
    const choice = cache && isPlaced ? hub.choiceFor(cache, cluster) : { pin: undefined }
    const additions = additionsOf(cache, choice)
    const step = stepFor(cache, copy, { cluster, isPlaced, additions })
    if (step === 'delete' && copy !== undefined) await writer.remove(copy)
    if (step === 'apply' && cache !== undefined && additions !== undefined)
      return writer.bring(cache, copy, additions)
    return 'waitsFor' in choice && copy === undefined
      ? `waits until cluster ${choice.waitsFor} has found the revision to stage`
      : undefined
  }

  const settle = (key: string, problem: string | undefined): void => {
    const words = problem && foreign(problem, MAX_MESSAGE)
    if (problems.get(key) === words) return
    if (words === undefined) problems.delete(key)
    else problems.set(key, words)
    hub.onNews(key)
  }

  const queue = startWorkQueue({
    async reconcile(key) {
      if (!reflector.synced()) return undefined
      if (isDoubtful) {
        sameAt = Number.NEGATIVE_INFINITY
        if (!(await isSame())) return undefined
        isDoubtful = false
        hub.onNews(key)
      }
      const [namespace, name = ''] = key.split('/')
      try {
        const problem = await act(key, hub.caches.get(namespace, name))
        settle(key, problem)
        return problem === undefined ? undefined : again()
      } catch (error) {
        const rejection = rejectionOf(error, namespace)
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
    if (type === 'deleted' && hub.caches.get(object.metadata.namespace, object.metadata.name) !== undefined)
      isDoubtful = true
    if (type === 'deleted') writer.forget(object)
    queue.add(keyOf(object))
    hub.onNews(keyOf(object))
  })
  const reflector = startReflector({ resource, config, store: copies, logger, signal })
  reflector.whenSynced.then(
    () => {
      for (const cache of hub.caches.values()) {
        if (!hub.isPlaced(cache, cluster)) continue
        queue.add(keyOf(cache))
        hub.onNews(keyOf(cache))
      }
    },
    () => {},
  )
  return {
    copies,
    isKnown: () => reflector.synced() && !isDoubtful,
    problemOf: key => problems.get(key),
    look: queue.add,
    stop: () => stopped.abort(),
  }
}

export function keyOf({ metadata }: { metadata: { namespace?: string | undefined; name: string } }): string {
  return objectKey(metadata.namespace, metadata.name)
}

function again() {
  return { againMs: AGAIN_MS + Math.random() * SPREAD_MS }
}

/** What a cluster has said against a write; undefined if that passes by itself. */
function rejectionOf(error: unknown, namespace: string | undefined): string | undefined {
  if (!(error instanceof ApiError) || isConflict(error)) return undefined
  if (isNotFound(error))
    return `namespace ${quote(namespace ?? '')} does not exist there; create it, or leave that cluster out of the selector`
  return [400, 403, 422].includes(error.status) ? error.message : undefined
}
