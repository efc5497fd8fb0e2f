import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { Kind } from '../api/kinds.ts'
import { type Reflector, type ReflectorStats, startReflector } from '../kube/reflector.ts'
import type { ReflectorTiming } from '../kube/reflector-timing.ts'
import type { Resource, StoredObject } from '../kube/resource.ts'
import { createStore, type ReadableStore } from '../kube/store.ts'
import { type Stores, storesOf } from './stores.ts'

export interface ClusterWatches<K extends Kind = Kind> {
  readonly stores: Stores<K>
  /** Whether every kind has been listed once, except `later` ones. Before that, absence means nothing. */
  synced(): boolean
  /**
   * Whether the store of a kind, such as `ModelCache`, may be older than an event takes to arrive, because
   * its watch is broken. False for a kind that we do not watch.
   */
  inDoubt(kind: string): boolean
  /** Resolves when `synced` becomes true; rejects with the signal's reason if that aborts before. */
  readonly whenSynced: Promise<void>
  /** Like `whenSynced`, but waits for the `later` kinds too. */
  readonly whenComplete: Promise<void>
  /** Resolves when the signal has aborted and every watch is closed. Never rejects. */
  readonly ended: Promise<void>
  /** Live counters for the metrics page. */
  readonly kinds: readonly WatchedKind[]
}

export interface WatchedKind {
  /** The name in metrics. */
  readonly name: string
  readonly stats: ReflectorStats
  /** Objects held now. */
  size(): number
  /** Objects that were left out because their schema rejects them. */
  malformed(): number
}

export interface WatchClusterOptions<K extends Kind> {
  /** What a role reads, and has the right to read. */
  readonly kinds: readonly K[]
  /** Kinds that `synced` does not wait for. They are listed after all others. Default none. */
  readonly later?: readonly K[]
  readonly config: KubeConfig
  readonly logger: Logger
  /** The only way to stop. */
  readonly signal: AbortSignal
  readonly timing?: Partial<ReflectorTiming>
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /** Returns a number in [0, 1). */
  readonly random?: () => number
}

/** For kinds that are a selection of another kind. */
const METRIC_NAMES: { readonly [K in Kind]?: string } = {
  HydrationJob: 'hydrationjobs',
  HydrationPod: 'hydrationpods',
}

/** Starts to watch the kinds that a role names, and returns their stores at once. They are empty at first. */
export function watchCluster<K extends Kind>(options: WatchClusterOptions<K>): ClusterWatches<K> {
  const { kinds, later = [] } = options
  const byKind = new Map<string, Reflector>()
  const watched: WatchedKind[] = []
  const required = Promise.withResolvers<void>()
  const watch = <T extends StoredObject>(resource: Resource<T>, name: K): ReadableStore<T> => {
    const store = createStore({ resource, logger: options.logger })
    const after = later.includes(name) ? required.promise : undefined
    // Roles run in the cluster that they watch. Its network is faster than gzip.
    const reflector = startReflector({ ...options, resource, store, after, encoding: 'identity' })
    byKind.set(name, reflector)
    const { size, malformed } = store
    watched.push({ name: METRIC_NAMES[name] ?? resource.plural, stats: reflector.stats, size, malformed })
    return store
  }
  const stores = storesOf(kinds, watch)
  const all = [...byKind.values()]
  const first = kinds.filter(kind => !later.includes(kind)).flatMap(kind => byKind.get(kind) ?? [])
  const whenListed = (reflectors: readonly Reflector[]): Promise<void> => {
    const listed = Promise.all(reflectors.map(reflector => reflector.whenSynced)).then(() => {})
    // A caller that asks `synced()` instead of waiting must not see an unhandled rejection.
    listed.catch(() => {})
    return listed
  }
  const whenSynced = whenListed(first)
  whenSynced.then(required.resolve, () => {})
  return {
    stores,
    synced: () => first.every(reflector => reflector.synced()),
    inDoubt: kind => byKind.get(kind)?.inDoubt() ?? false,
    whenSynced,
    whenComplete: whenListed(all),
    ended: Promise.all(all.map(reflector => reflector.ended)).then(() => {}),
    kinds: watched,
  }
}
