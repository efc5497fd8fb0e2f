import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import { z } from 'zod'
import { ApiError, isExpired, isNotFound } from './apierror.ts'
import { type Backoff, backoffMs } from './backoff.ts'
import { listAll } from './list.ts'
import { collectionPath, type Resource, type StoredObject } from './resource.ts'
import { createRest } from './rest.ts'
import type { Store } from './store.ts'
import { readWatch, type WatchEvent } from './watchstream.ts'

export interface ReflectorTiming extends Backoff {
  /**
   * Silence after which a watch is opened anew. Shorter than the server's minute between bookmarks, so a quiet
   * watch reconnects twice a minute: cheap for a few kinds, and it bounds how long a dead connection goes unnoticed.
   */
  readonly stallMs: number
  /** A watch that the server ends within this time and without an event counts as a failure. */
  readonly shortWatchMs: number
  /** How long to wait before an optional kind that the server does not have is looked for again. */
  readonly absentMs: number
}

/**
 * Failures in a row after which the version is no longer trusted. A server whose etcd was restored from a backup
 * refuses versions newer than it knows, and not with 410.
 */
const FAILURES_BEFORE_LIST = 3

const DEFAULT_TIMING: ReflectorTiming = {
  stallMs: 30_000,
  shortWatchMs: 1_000,
  absentMs: 30_000,
  baseMs: 500,
  capMs: 30_000,
}

/** Counts since the start; times in milliseconds since the epoch. Live: read it again for newer numbers. */
export interface ReflectorStats {
  readonly lists: number
  readonly watches: number
  /** Watches opened to go on where one before had ended, for whatever cause. */
  readonly restarts: number
  readonly stalls: number
  readonly errors: number
  readonly lastSyncAt: number | undefined
  /** Last sign of life from a watch, bookmarks included. */
  readonly lastEventAt: number | undefined
}

export interface Reflector {
  /** Whether the store has held a whole list once. Stays true through reconnects and relists. */
  synced(): boolean
  /** Resolves at the first whole list; rejects with the signal's reason if that aborts before. */
  readonly whenSynced: Promise<void>
  /** Resolves when the signal has aborted and nothing is under way any more. Never rejects. */
  readonly ended: Promise<void>
  readonly stats: ReflectorStats
}

export interface ReflectorOptions<T extends StoredObject> {
  readonly resource: Resource<T>
  readonly config: KubeConfig
  readonly store: Store<T>
  readonly logger: Logger
  /** The only way to stop it. */
  readonly signal: AbortSignal
  readonly timing?: Partial<ReflectorTiming>
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /** Gives [0, 1). */
  readonly random?: () => number
}

const versioned = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string().min(1) }) })

/**
 * Keeps a store equal to the cluster: lists, watches from the list's version, and goes on through every kind of
 * failure until the signal aborts. A version that the server no longer keeps (410) leads to a new list; the
 * store answers from what it holds meanwhile. An optional kind that the server does not have is empty, and looked for
 * now and then.
 */
export function startReflector<T extends StoredObject>(options: ReflectorOptions<T>): Reflector {
  const { resource, config, store, signal } = options
  const timing = { ...DEFAULT_TIMING, ...options.timing }
  const clock = options.clock ?? Date.now
  const random = options.random ?? Math.random
  const logger = options.logger.child({ kind: resource.kind })
  const rest = createRest(config)
  const path = collectionPath(resource)
  const synced = Promise.withResolvers<void>()
  const stats: { -readonly [K in keyof ReflectorStats]: ReflectorStats[K] } = {
    lists: 0,
    watches: 0,
    restarts: 0,
    stalls: 0,
    errors: 0,
    lastSyncAt: undefined,
    lastEventAt: undefined,
  }
  /** Where the next watch starts; undefined asks for a list. */
  let version: string | undefined
  /** In a row, with no event in between. */
  let failures = 0

  const list = async (): Promise<void> => {
    stats.lists += 1
    const listing = await listAll(rest, resource, { signal }).catch(error => {
      if (resource.optional && isNotFound(error)) return undefined
      throw error
    })
    store.replace(listing?.items ?? [])
    version = listing?.resourceVersion
    stats.lastSyncAt = clock()
    synced.resolve()
    failures = listing === undefined ? 0 : failures
    if (listing === undefined) await sleep(timing.absentMs, undefined, { signal })
  }

  const onEvent = (event: WatchEvent): void => {
    failures = 0
    stats.lastEventAt = clock()
    if (event.type === 'DELETED') store.remove(event.object)
    else if (event.type !== 'BOOKMARK') store.upsert(event.object)
    // Advanced even past an object that the store refused: to be sent it again would not mend it.
    const parsed = versioned.safeParse(event.object)
    if (parsed.success) version = parsed.data.metadata.resourceVersion
  }

  const watch = async (from: string): Promise<void> => {
    stats.watches += 1
    if (stats.watches > 1) stats.restarts += 1
    const openedAt = clock()
    let events = 0
    const query = {
      labelSelector: resource.labelSelector,
      resourceVersion: from,
      allowWatchBookmarks: true,
      // As client-go does: spreads the reconnects of many clients over time.
      timeoutSeconds: Math.floor(300 + random() * 300),
    }
    const end = await readWatch(config, { path, query, stallMs: timing.stallMs, signal }, event => {
      events += 1
      onEvent(event)
    })
    if (end === 'stalled') {
      stats.stalls += 1
      // The silence itself was wait enough.
      failures = 0
      logger.debug({ version }, 'watch fell silent, reconnecting')
    } else if (events === 0 && clock() - openedAt < timing.shortWatchMs) {
      throw new ApiError(0, 'Disconnected', `the watch of ${path} was closed as soon as it was open`)
    } else {
      failures = 0
    }
  }

  const recover = async (error: unknown): Promise<void> => {
    if (isExpired(error)) {
      version = undefined
      logger.info({ failures }, 'version expired, listing anew')
      failures += 1
      // Expiry is part of normal life: only one that repeats without progress has to wait.
      if (failures === 1) return
    } else {
      stats.errors += 1
      failures += 1
      if (failures >= FAILURES_BEFORE_LIST) version = undefined
    }
    const delayMs = Math.round(backoffMs(failures, timing, random))
    logger.warn({ err: error, failures, delayMs }, 'list or watch failed, trying again')
    await sleep(delayMs, undefined, { signal })
  }

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        if (version === undefined) await list()
        else await watch(version)
      } catch (error) {
        // Rejects only when the signal aborts, which the loop sees by itself.
        if (!signal.aborted) await recover(error).catch(() => {})
      }
    }
    synced.reject(signal.reason)
  }

  // Whoever does not wait for the first list must not be hit by its failure.
  synced.promise.catch(() => {})
  return { synced: () => stats.lastSyncAt !== undefined, whenSynced: synced.promise, ended: run(), stats }
}
