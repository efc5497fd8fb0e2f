import type { ModelCache } from '../../api/modelcache.ts'
import { CACHES, GATE, NOT_READY } from '../../api/names.ts'
import { conditionOf, isReady } from '../../api/readiness.ts'
import { listed } from '../../api/schema/text.ts'
import type { RetryingWorkload } from './retrying-kinds.ts'

/**
 * Kubernetes: a controller whose pods are denied tries again after 5 ms, then after twice as long each time,
 * and at last after 1000 s. Whoever has been denied since before that has tried again meanwhile.
 */
const LONGEST_WAIT_MS = 1_000_000

/** Something that happened to a cache, and since which denied pods may be admitted. */
export interface News {
  /** What a nudged workload is told. The same text means the same news. */
  text: string
  /** Since when, as RFC 3339. */
  since: string
  /** Whether only pods that wait at a gate may be admitted now. */
  gatedOnly: boolean
}

/** The last news about a cache: that it is Ready, or that it exists. */
export function newsOf({ metadata, status }: ModelCache): News | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined
  const ready = conditionOf(status, 'Ready')
  const isReadyNow = ready?.status === 'True'
  const since = isReadyNow ? ready.lastTransitionTime : metadata.creationTimestamp
  if (since === undefined) return undefined
  const text = `${metadata.name} ${isReadyNow ? 'is Ready' : 'exists'} since ${since}`
  return { text, since, gatedOnly: !isReadyNow }
}

/** Whether every workload that was denied before the news has tried again since. */
export function isOld({ since }: News, now: number): boolean {
  return now - Date.parse(since) > LONGEST_WAIT_MS
}

/** What has changed since pods of a workload were denied, so that they may be admitted now. */
export function newsFor(
  { asks, isShort }: RetryingWorkload,
  news: ReadonlyMap<string, News>,
  cacheOf: (name: string) => ModelCache | undefined,
): News | undefined {
  if (!isShort) return undefined
  const names = listed(asks[CACHES] ?? '')
  const waits = asks[NOT_READY] === GATE
  const mayBeAdmitted = names.every(name => {
    const cache = cacheOf(name)
    return cache !== undefined && (waits || isReady(cache))
  })
  if (!mayBeAdmitted) return undefined
  return names.map(name => news.get(name)).find(each => each !== undefined && (waits || !each.gatedOnly))
}
