import type { ConsumerPod } from '../api/kubernetes/consumer-pod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { conditionOf, isReady } from '../api/readiness.ts'
import { usesCache } from '../injection/uses-cache.ts'
import { ageOf, line, table } from './words.ts'

/** We name this many clusters of a cache, those that lack it. */
const MAX_CLUSTERS = 10

/** One line for each cache, and below the table why some are not Ready, there or in other clusters. */
export function statusTable(
  caches: readonly ModelCache[],
  pods: readonly ConsumerPod[],
  { everywhere, now }: { everywhere: boolean; now: number },
): string {
  const hasClusters = caches.some(({ status }) => status?.replicas !== undefined)
  const titles = [
    ...(everywhere ? ['NAMESPACE'] : []),
    ...['NAME', 'PHASE', 'PROGRESS', 'SIZE'],
    ...(hasClusters ? ['CLUSTERS'] : []),
    ...['PODS', 'AGE'],
  ]
  const rows = caches.map(cache => [
    ...(everywhere ? [cache.metadata.namespace ?? ''] : []),
    ...cellsOf(cache, pods, { hasClusters, now }),
  ])
  const missing = caches.flatMap(cache => [
    ...(isReady(cache) ? [] : [`\n${troubleOf(cache)}\n`]),
    ...elsewhereOf(cache),
  ])
  return `${table(titles, rows)}${missing.join('')}`
}

/** The clusters of a hub that lack a cache, or do not answer. */
function elsewhereOf({ metadata, status }: ModelCache): string[] {
  if (status?.replicas === undefined) return []
  const lacking = status.clusters?.filter(({ phase, ready }) => !ready || phase === 'Unknown') ?? []
  const more = lacking.length > MAX_CLUSTERS ? [`\n${lacking.length - MAX_CLUSTERS} more clusters\n`] : []
  return [
    ...lacking
      .slice(0, MAX_CLUSTERS)
      .map(
        ({ name, phase, message }) =>
          `\n${metadata.name} in ${line(name, 64)}: ${line(phase, 32)}: ${line(message)}\n`,
      ),
    ...more,
  ]
}

function cellsOf(
  cache: ModelCache,
  pods: readonly ConsumerPod[],
  { hasClusters, now }: { hasClusters: boolean; now: number },
): string[] {
  const { metadata, status } = cache
  const users = pods.filter(
    pod => pod.metadata.namespace === metadata.namespace && usesCache(pod, metadata.name, cache),
  )
  return [
    metadata.name,
    metadata.deletionTimestamp === undefined ? (status?.phase ?? 'Pending') : 'Deleting',
    line(status?.progress, 16) || '-',
    line(status?.size, 32) || '-',
    ...(hasClusters ? [line(status?.replicas, 32) || '-'] : []),
    String(users.length),
    ageOf(metadata.creationTimestamp, now),
  ]
}

function troubleOf({ metadata, status }: ModelCache): string {
  const ready = conditionOf(status, 'Ready')
  if (ready === undefined) return `${metadata.name}: the controller has not seen it yet`
  return `${metadata.name}: ${line(ready.reason, 60)}: ${line(ready.message)}`
}
