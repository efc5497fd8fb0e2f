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
  /** Whether every kind has been listed once. Before that, absence means nothing. */
  synced(): boolean
  /**
   * Whether the store of a kind, such as `ModelCache`, may be older than an event takes to arrive, because
   * its watch is broken. False for a kind that we do not watch.
   */
  inDoubt(kind: string): boolean
  /** Resolves when `synced` becomes true; rejects with the signal's reason if that aborts before. */
  readonly whenSynced: Promise<void>
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
  const byKind = new Map<string, Reflector>()
  const watched: WatchedKind[] = []
  const watch = <T extends StoredObject>(resource: Resource<T>, name: Kind): ReadableStore<T> => {
    const store = createStore({ resource, logger: options.logger })
    const reflector = startReflector({ ...options, resource, store })
    byKind.set(name, reflector)
    const { size, malformed } = store
    watched.push({ name: METRIC_NAMES[name] ?? resource.plural, stats: reflector.stats, size, malformed })
    return store
  }
  const stores = storesOf(options.kinds, watch)
  const reflectors = [...byKind.values()]
  const whenSynced = Promise.all(reflectors.map(reflector => reflector.whenSynced)).then(() => {})
  // A caller that asks `synced()` instead of waiting must not see an unhandled rejection.
  whenSynced.catch(() => {})
  return {
    stores,
    synced: () => reflectors.every(reflector => reflector.synced()),
    inDoubt: kind => byKind.get(kind)?.inDoubt() ?? false,
    whenSynced,
    ended: Promise.all(reflectors.map(reflector => reflector.ended)).then(() => {}),
    kinds: watched,
  }
}
