import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import { z } from 'zod'
import { backoffMs } from '../backoff.ts'
import { ApiError, isExpired, isNotFound } from './api-error.ts'
import { currentVersion, listPages } from './list.ts'
import { DEFAULT_TIMING, type ReflectorTiming } from './reflector-timing.ts'
import { collectionPath, type Resource, type StoredObject, selectors } from './resource.ts'
import { createRest, type GetOptions } from './rest.ts'
import type { Store } from './store.ts'
import { untilAborted } from './until-aborted.ts'
import { readWatch, type WatchEvent } from './watch-stream.ts'

/**
 * After this many failures in a row only a new list can help: the next events themselves may be unreadable.
 */
const FAILURES_BEFORE_LIST = 3

/**
 * Counts since the start, and times in milliseconds since the epoch. Live: read it again for newer numbers.
 */
export interface ReflectorStats {
  readonly lists: number
  readonly watches: number
  /** Watches that were opened because the one before had ended, for any reason. */
  readonly restarts: number
  readonly stalls: number
  readonly errors: number
  readonly lastSyncAt: number | undefined
  /**
   * The last sign of life: a watch was opened, an event or bookmark came, or the server said that it does not
   * have the kind.
   */
  readonly lastEventAt: number | undefined
}

export interface Reflector {
  /** Whether the store has ever held a whole list. Stays true through reconnects and new lists. */
  synced(): boolean
  /**
   * Whether the store may be further behind the cluster than an event takes to arrive: from the moment a
   * watch breaks, stalls or is rejected until another watch is open and has sent what was missed.
   */
  inDoubt(): boolean
  /** Resolves at the first whole list. Rejects with the signal's reason if the signal aborts first. */
  readonly whenSynced: Promise<void>
  /** Resolves when the signal has aborted and nothing is in progress any more. Never rejects. */
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
  /** The first list waits for this. Default nothing. Must not reject. */
  readonly after?: Promise<void> | undefined
  /** For lists. Watches are never compressed. */
  readonly encoding?: GetOptions['encoding']
  readonly timing?: Partial<ReflectorTiming>
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /** Gives [0, 1). */
  readonly random?: () => number
}

const versioned = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string().min(1) }) })

/**
 * Keeps a store equal to the cluster: it lists, watches from the list's version, and goes on through every
 * kind of failure until the signal aborts. If the server no longer keeps a version (410), it lists again, and
 * the store keeps its objects meanwhile. An optional kind that the server does not have counts as empty, and
 * we look for it now and then.
 */
export function startReflector<T extends StoredObject>(options: ReflectorOptions<T>): Reflector {
  const { resource, config, store, signal, encoding, after = Promise.resolve() } = options
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
  /** Whether the server may have been set back behind this version. */
  let unsure = false
  /** Failures in a row, without an event in between. */
  let failures = 0
  /** Whether a watch is open, or one has ended normally and the next is being opened. */
  let following = false
  /** When everything that a broken watch missed has arrived, in milliseconds since the epoch. */
  let settlesAt = 0

  /** Fills the store with what exists, and returns the version of the list. */
  const fill = async (): Promise<string> => {
    const { add, finish } = store.beginReplace()
    let listed = ''
    for await (const { items, resourceVersion } of listPages(rest, resource, { signal, encoding })) {
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
    // A kind that does not exist cannot be watched. The server's answer is a sign of life.
    following = listed === undefined
    if (listed === undefined) stats.lastEventAt = clock()
    if (listed === undefined) await sleep(timing.absentMs, undefined, { signal })
  }

  const onEvent = (event: WatchEvent): void => {
    failures = 0
    stats.lastEventAt = clock()
    if (event.type === 'DELETED') store.remove(event.object)
    else if (event.type !== 'BOOKMARK') store.upsert(event.object)
    // The version advances even past an object that the store rejected, because the same object again would
    // not help.
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
    }
    const request = {
      path,
      query,
      // At random, so that the watches do not all call at once. Over a connection without pings, three to
      // four fifths of the tolerated silence.
      timeoutSeconds: {
        pinged: Math.floor((timing.watchMs / 1000) * (1 + random())),
        silent: Math.max(1, Math.floor((timing.stallMs / 1000) * (0.6 + random() / 5))),
      },
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
      // The silence itself was a long enough wait.
      failures = 0
      logger.warn({ version }, 'watch fell silent; opening it again over another connection')
    } else if (events === 0 && clock() - openedAt < timing.shortWatchMs) {
      throw new ApiError(0, 'Disconnected', `the watch of ${path} was closed as soon as it was opened`)
    } else {
      failures = 0
    }
  }

  /**
   * Drops a version that the server does not have yet, because its etcd was restored from a backup. The
   * server would accept the watch and then send nothing until it reaches that version again.
   */
  const compareVersion = async (held: string): Promise<void> => {
    const current = await currentVersion(rest, resource, signal)
    unsure = false
    if (!isOlder(current, held)) return
    logger.warn({ version: held, current }, 'the server has gone back to an older state; listing again')
    version = undefined
  }

  const recover = async (error: unknown): Promise<void> => {
    following = false
    unsure = true
    if (isExpired(error)) {
      version = undefined
      logger.info({ failures }, 'version expired; listing again')
      failures += 1
      // An expired version is normal. Only one that expires again without progress must wait.
      if (failures === 1) return
    } else {
      stats.errors += 1
      failures += 1
      if (failures >= FAILURES_BEFORE_LIST) version = undefined
    }
    const delayMs = Math.round(backoffMs(failures, timing, random))
    logger.warn({ err: error, failures, delayMs }, 'list or watch failed; trying again')
    await sleep(delayMs, undefined, { signal })
  }

  const run = async (): Promise<void> => {
    // Rejects only when the signal aborts, which the loop notices by itself.
    await untilAborted(after, signal).catch(() => {})
    while (!signal.aborted) {
      try {
        if (version === undefined) await list()
        else if (unsure) await compareVersion(version)
        else await watch(version)
      } catch (error) {
        // This too rejects only when the signal aborts.
        if (!signal.aborted) await recover(error).catch(() => {})
      }
    }
    synced.reject(signal.reason)
  }

  // A caller that does not wait for the first list must not see an unhandled rejection.
  synced.promise.catch(() => {})
  return {
    synced: () => stats.lastSyncAt !== undefined,
    inDoubt: () => !following || clock() < settlesAt,
    whenSynced: synced.promise,
    ended: run(),
    stats,
  }
}

/**
 * Versions of one kind are decimal numbers that grow (Kubernetes: KEP-5504). Anything else is not compared.
 */
function isOlder(version: string, than: string): boolean {
  const decimal = /^\d+$/
  return decimal.test(version) && decimal.test(than) && BigInt(version) < BigInt(than)
}
