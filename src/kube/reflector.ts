import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import { z } from 'zod'
import { type Backoff, backoffMs } from '../backoff.ts'
import { ApiError, isExpired, isNotFound } from './api-error.ts'
import { currentVersion, listPages } from './list.ts'
import { collectionPath, type Resource, type StoredObject, selectors } from './resource.ts'
import { createRest } from './rest.ts'
import type { Store } from './store.ts'
import { readWatch, type WatchEvent } from './watch-stream.ts'

export interface ReflectorTiming extends Backoff {
  /**
   * Silence after which a connection counts as dead. The server is asked to end each watch sooner than that, over a
   * connection that is then used again. So a watch that has nothing to tell is not taken for a dead one, and one
   * request for each kind, two or three times a minute, bounds how long a dead connection goes unnoticed.
   */
  readonly stallMs: number
  /** A watch that the server ends within this time and without an event counts as a failure. */
  readonly shortWatchMs: number
  /** How long what was missed may take to come in after a broken watch was replaced: so long there is doubt still. */
  readonly settleMs: number
  /** How long to wait before an optional kind that the server does not have is looked for again. */
  readonly absentMs: number
}

/** Failures in a row after which only a new list can help: what follows the version may be what cannot be read. */
const FAILURES_BEFORE_LIST = 3

const DEFAULT_TIMING: ReflectorTiming = {
  stallMs: 30_000,
  shortWatchMs: 1_000,
  settleMs: 1_000,
  absentMs: 10_000,
  baseMs: 500,
  // What is asked meanwhile is little, and when the server is back, the view is wrong for as long as this.
  capMs: 5_000,
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
  /**
   * Last sign of life: a watch was opened, an event or bookmark came, or the server said that it does not have the
   * kind.
   */
  readonly lastEventAt: number | undefined
}

export interface Reflector {
  /** Whether the store has held a whole list once. Stays true through reconnects and relists. */
  synced(): boolean
  /**
   * Whether the store may be behind the cluster by more than an event takes to travel: from when a watch is known to
   * have broken, stalled or been refused until another is open and has told what was missed.
   */
  inDoubt(): boolean
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
  const path = collectionPath(resource, resource.namespace)
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
  /** Whether the server may have gone back behind the version since it was given. */
  let unsure = false
  /** In a row, with no event in between. */
  let failures = 0
  /** Whether a watch is open, or one has ended in order and the next is being opened. */
  let following = false
  /** When what a broken watch has missed is in; milliseconds since the epoch. */
  let settlesAt = 0

  /** Fills the store with what there is, and gives the version of that. */
  const fill = async (): Promise<string> => {
    const { add, finish } = store.beginReplace()
    let listed = ''
    for await (const { items, resourceVersion } of listPages(rest, resource, { signal })) {
      add(items)
      listed = resourceVersion
    }
    finish()
    return listed
  }

  const list = async (): Promise<void> => {
    stats.lists += 1
    const listed = await fill().catch(error => {
      if (resource.optional && isNotFound(error)) return undefined
      throw error
    })
    if (listed === undefined) store.replace([])
    version = listed
    unsure = false
    stats.lastSyncAt = clock()
    synced.resolve()
    failures = listed === undefined ? 0 : failures
    logger.debug({ version }, listed === undefined ? 'the server does not have the kind' : 'listed')
    // Of a kind that does not exist there is nothing to watch; that the server says so is a sign of life.
    following = listed === undefined
    if (listed === undefined) stats.lastEventAt = clock()
    if (listed === undefined) await sleep(timing.absentMs, undefined, { signal })
  }

  const onEvent = (event: WatchEvent): void => {
    failures = 0
    stats.lastEventAt = clock()
    if (event.type === 'DELETED') store.remove(event.object)
    else if (event.type !== 'BOOKMARK') store.upsert(event.object)
    // Advanced even past an object that the store refused: to be sent it again would not fix it.
    const parsed = versioned.safeParse(event.object)
    if (parsed.success) version = parsed.data.metadata.resourceVersion
  }

  const watch = async (from: string): Promise<void> => {
    stats.watches += 1
    if (stats.watches > 1) stats.restarts += 1
    const openedAt = clock()
    let events = 0
    const query = {
      ...selectors(resource),
      resourceVersion: from,
      allowWatchBookmarks: true,
      // Three to four fifths of the silence that is borne; at random, so that the watches do not call in step.
      timeoutSeconds: Math.max(1, Math.floor((timing.stallMs / 1000) * (0.6 + random() / 5))),
    }
    const request = {
      path,
      query,
      stallMs: timing.stallMs,
      signal,
      onOpen: () => {
        if (!following) settlesAt = clock() + timing.settleMs
        following = true
        stats.lastEventAt = clock()
        logger.debug({ version: from }, 'watch opened')
      },
    }
    const end = await readWatch(config, request, event => {
      events += 1
      onEvent(event)
    })
    if (end === 'stalled') {
      stats.stalls += 1
      following = false
      unsure = true
      // The silence itself was wait enough.
      failures = 0
      logger.warn({ version }, 'watch fell silent, opening it again over another connection')
    } else if (events === 0 && clock() - openedAt < timing.shortWatchMs) {
      throw new ApiError(0, 'Disconnected', `the watch of ${path} was closed as soon as it was open`)
    } else {
      failures = 0
    }
  }

  /**
   * Gives up a version that the server does not have yet: its etcd was restored from a backup. It would take the
   * watch all the same, and tell nothing until it has come to that version again.
   */
  const compareVersion = async (held: string): Promise<void> => {
    const current = await currentVersion(rest, resource, signal)
    unsure = false
    if (!isOlder(current, held)) return
    logger.warn({ version: held, current }, 'the server has gone back to an older state, listing again')
    version = undefined
  }

  const recover = async (error: unknown): Promise<void> => {
    following = false
    unsure = true
    if (isExpired(error)) {
      version = undefined
      logger.info({ failures }, 'version expired, listing again')
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
        else if (unsure) await compareVersion(version)
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
  return {
    synced: () => stats.lastSyncAt !== undefined,
    inDoubt: () => !following || clock() < settlesAt,
    whenSynced: synced.promise,
    ended: run(),
    stats,
  }
}

/** Versions of one kind are decimal numbers that grow (Kubernetes: KEP-5504); of what is none nothing is said. */
function isOlder(version: string, than: string): boolean {
  const decimal = /^\d+$/
  return decimal.test(version) && decimal.test(than) && BigInt(version) < BigInt(than)
}
