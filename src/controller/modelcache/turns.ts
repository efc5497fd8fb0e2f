import type { HydrationJob } from '../../api/kubernetes/hydration-job.ts'
import { controllerOf } from '../../api/kubernetes/metadata.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { ReadableStore } from '../../kube/store.ts'
import { jobName } from './objects/hydration-job.ts'

/** How many hydrations run side by side. Undefined means no limit. */
export interface Limits {
  cluster?: number | undefined
  namespace?: number | undefined
}

/** Whose turn it is to hydrate: the cache's own, or that of others before it. */
export type Turn = 'ours' | { position: number; running: number }

/** A Job that is to start has this long to appear before its place is given to another one. */
const GRANT_MS = 60_000

interface Waiting {
  cache: ModelCache
  /** When it was created, in milliseconds since the epoch. */
  since: number
}

/**
 * Lets only so many hydrations run side by side. Those that wait are served fairly: each namespace in turn,
 * and in a namespace the oldest cache first. Nothing is stored: after a restart the order is the same,
 * because it follows from the age of the caches. The order is worked out once for all that ask until
 * something changes.
 */
export function createTurns(
  {
    jobs,
    caches,
    signal,
  }: {
    jobs: Pick<ReadableStore<HydrationJob>, 'values' | 'onChange'>
    caches: Pick<ReadableStore<ModelCache>, 'get'>
    signal: AbortSignal
  },
  limits: Limits,
) {
  const isLimited = limits.cluster !== undefined || limits.namespace !== undefined
  const waiting = new Map<string, Waiting>()
  const granted = new Map<string, { namespace: string; until: number }>()
  let active: Map<string, string> | undefined
  let order: Map<string, number> | undefined

  const changed = () => {
    active = undefined
    order = undefined
  }
  if (isLimited) signal.addEventListener('abort', jobs.onChange(changed), { once: true })

  const expire = (now: number): void => {
    for (const [uid, { until }] of granted) {
      if (until >= now) continue
      granted.delete(uid)
      changed()
    }
  }
  /** The namespaces of the caches whose hydration runs, or is about to. */
  const running = (now: number): ReadonlyMap<string, string> => {
    expire(now)
    active ??= countAgain()
    return active
  }
  const countAgain = (): Map<string, string> => {
    const found = new Map<string, string>()
    for (const job of jobs.values()) {
      const cache = cacheOf(job)
      // The controller starts a suspended Job a moment after it made it. Till then the grant counts. One that
      // a queue holds back loses it.
      if (cache === undefined || job.spec.suspend === true) continue
      granted.delete(uidOf(cache))
      if (!hasEnded(job)) found.set(uidOf(cache), cache.metadata.namespace ?? '')
    }
    for (const [uid, { namespace }] of granted) found.set(uid, namespace)
    return found
  }
  /** The cache of a Job, if the Job hydrates it. */
  const cacheOf = (job: HydrationJob): ModelCache | undefined => {
    const owner = controllerOf(job.metadata)
    const cache = caches.get(job.metadata.namespace, owner?.name ?? '')
    const isHydration =
      cache?.metadata.uid === owner?.uid &&
      cache !== undefined &&
      jobName(cache, 'hydrate') === job.metadata.name
    return isHydration ? cache : undefined
  }
  const ordered = (taken: ReadonlyMap<string, string>): ReadonlyMap<string, number> => {
    order ??= positions(inOrder([...waiting.values()], taken, limits))
    return order
  }
  const free = (taken: ReadonlyMap<string, string>) =>
    Math.max(0, (limits.cluster ?? Number.POSITIVE_INFINITY) - taken.size)

  return {
    /** Whether a cache may start its hydration now. One that may not is waiting from now on. */
    turnOf(cache: ModelCache, now: number): Turn {
      if (!isLimited) return 'ours'
      const uid = uidOf(cache)
      const taken = running(now)
      if (taken.has(uid)) return 'ours'
      if (!waiting.has(uid)) {
        waiting.set(uid, { cache, since: Date.parse(cache.metadata.creationTimestamp ?? '') || now })
        order = undefined
      }
      const places = ordered(taken)
      // A namespace that has its share comes after all that may start.
      const position = places.get(uid) ?? places.size
      if (!places.has(uid) || position >= free(taken))
        return { position: position - Math.min(places.size, free(taken)) + 1, running: taken.size }
      waiting.delete(uid)
      granted.set(uid, { namespace: cache.metadata.namespace ?? '', until: now + GRANT_MS })
      changed()
      return 'ours'
    },
    /** The caches that may start now, to be looked at when a hydration ends. */
    next(now: number): ModelCache[] {
      const taken = running(now)
      const room = free(taken)
      return [...ordered(taken)].flatMap(([uid, position]) => {
        const found = position < room ? waiting.get(uid) : undefined
        return found === undefined ? [] : [found.cache]
      })
    },
    /** A cache that is gone, or did not ask when it was looked at, waits no longer. */
    forget(cache: ModelCache): void {
      if (waiting.delete(uidOf(cache))) order = undefined
    },
  }
}

/** Those that may start as far as their namespace is concerned, the next one first. */
function inOrder(all: readonly Waiting[], active: ReadonlyMap<string, string>, limits: Limits): Waiting[] {
  const taken = new Map<string, number>()
  for (const namespace of active.values()) taken.set(namespace, (taken.get(namespace) ?? 0) + 1)
  const ranked = all
    .toSorted((one, other) => one.since - other.since)
    .map(each => {
      const namespace = each.cache.metadata.namespace ?? ''
      const rank = taken.get(namespace) ?? 0
      taken.set(namespace, rank + 1)
      return { ...each, rank }
    })
  return ranked
    .filter(({ rank }) => rank < (limits.namespace ?? Number.POSITIVE_INFINITY))
    .toSorted((one, other) => one.rank - other.rank || one.since - other.since)
}

function positions(order: readonly Waiting[]): Map<string, number> {
  return new Map(order.map(({ cache }, index) => [uidOf(cache), index]))
}

/** Whether a Job is Complete or Failed. */
export function hasEnded({ status }: HydrationJob): boolean {
  return status?.conditions?.some(({ status: held }) => held === 'True') === true
}

function uidOf({ metadata }: ModelCache): string {
  return metadata.uid ?? `${metadata.namespace}/${metadata.name}`
}
