import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { ClusterView } from '../admission/clusterview.ts'
import { type ReflectorStats, type ReflectorTiming, startReflector } from './reflector.ts'
import {
  modelCaches,
  namespaces,
  persistentVolumeClaims,
  type Resource,
  type StoredObject,
  storageClasses,
} from './resource.ts'
import { createStore } from './store.ts'
import { type ClusterStores, createClusterView } from './view.ts'

export interface ClusterWatches {
  readonly view: ClusterView
  readonly stores: ClusterStores
  /** Whether all kinds have been listed once: before that, absence in the view means nothing. */
  synced(): boolean
  /** Resolves when `synced` becomes true; rejects with the signal's reason if that aborts before. */
  readonly whenSynced: Promise<void>
  /** Resolves when the signal has aborted and every watch is closed. Never rejects. */
  readonly ended: Promise<void>
  /** Live counters for the metrics page, by kind. */
  readonly stats: Readonly<Record<keyof ClusterStores, ReflectorStats>>
}

export interface WatchClusterOptions {
  readonly config: KubeConfig
  readonly logger: Logger
  /** The only way to stop. */
  readonly signal: AbortSignal
  readonly timing?: Partial<ReflectorTiming>
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /** Gives [0, 1). */
  readonly random?: () => number
}

/** Starts to watch the four kinds that rules ask about, and gives the view over them at once, empty at first. */
export function watchCluster(options: WatchClusterOptions): ClusterWatches {
  const watched = {
    storageClasses: watchKind(storageClasses, options),
    modelCaches: watchKind(modelCaches, options),
    claims: watchKind(persistentVolumeClaims, options),
    namespaces: watchKind(namespaces, options),
  }
  const reflectors = Object.values(watched).map(kind => kind.reflector)
  const stores = {
    storageClasses: watched.storageClasses.store,
    modelCaches: watched.modelCaches.store,
    claims: watched.claims.store,
    namespaces: watched.namespaces.store,
  }
  const whenSynced = Promise.all(reflectors.map(reflector => reflector.whenSynced)).then(() => {})
  // Whoever asks `synced()` instead of waiting must not be hit by the rejection.
  whenSynced.catch(() => {})
  return {
    view: createClusterView(stores),
    stores,
    synced: () => reflectors.every(reflector => reflector.synced()),
    whenSynced,
    ended: Promise.all(reflectors.map(reflector => reflector.ended)).then(() => {}),
    stats: {
      storageClasses: watched.storageClasses.reflector.stats,
      modelCaches: watched.modelCaches.reflector.stats,
      claims: watched.claims.reflector.stats,
      namespaces: watched.namespaces.reflector.stats,
    },
  }
}

function watchKind<T extends StoredObject>(resource: Resource<T>, options: WatchClusterOptions) {
  const store = createStore({ resource, logger: options.logger })
  return { store, reflector: startReflector({ ...options, resource, store }) }
}
