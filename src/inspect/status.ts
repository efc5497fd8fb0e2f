import type { ConsumerPod } from '../api/kubernetes/consumer-pod.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { conditionOf, isReady } from '../api/readiness.ts'
import { usesCache } from '../injection/uses-cache.ts'
import { ageOf, line, table } from './words.ts'

/** One line for each cache, and below the table why some are not Ready. */
export function statusTable(
  caches: readonly ModelCache[],
  pods: readonly ConsumerPod[],
  { everywhere, now }: { everywhere: boolean; now: number },
): string {
  const titles = [...(everywhere ? ['NAMESPACE'] : []), 'NAME', 'PHASE', 'PROGRESS', 'SIZE', 'PODS', 'AGE']
  const rows = caches.map(cache => [
    ...(everywhere ? [cache.metadata.namespace ?? ''] : []),
    ...cellsOf(cache, pods, now),
  ])
  const missing = caches.filter(cache => !isReady(cache)).map(cache => `\n${troubleOf(cache)}\n`)
  return `${table(titles, rows)}${missing.join('')}`
}

function cellsOf(cache: ModelCache, pods: readonly ConsumerPod[], now: number): string[] {
  const { metadata, status } = cache
  const users = pods.filter(
    pod => pod.metadata.namespace === metadata.namespace && usesCache(pod, metadata.name, cache),
  )
  return [
    metadata.name,
    metadata.deletionTimestamp === undefined ? (status?.phase ?? 'Pending') : 'Deleting',
    line(status?.progress, 16) || '-',
    line(status?.size, 32) || '-',
    String(users.length),
    ageOf(metadata.creationTimestamp, now),
  ]
}

function troubleOf({ metadata, status }: ModelCache): string {
  const ready = conditionOf(status, 'Ready')
  if (ready === undefined) return `${metadata.name}: the controller has not seen it yet`
  return `${metadata.name}: ${line(ready.reason, 60)}: ${line(ready.message)}`
}
