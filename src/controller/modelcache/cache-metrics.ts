import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { FAILURE_REASONS } from '../../api/failure-reasons.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { ModelCacheStatus } from '../../api/modelcache-status.ts'
import { namesOf, SOURCE_NAMES } from '../../api/sources.ts'
import type { ReadableStore } from '../../kube/store.ts'
import { outcomeOf } from './status/outcome.ts'

/** A config map takes a second, a model of terabytes takes a day. */
const SECONDS = [5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400]

/** How a run fails: what hydrators report, and what is seen of pods that report nothing. */
const RUN_FAILURES = [
  ...Object.keys(FAILURE_REASONS),
  ...['DeadlineExceeded', 'Evicted', 'HydrationFailed', 'OOMKilled', 'Preempted'],
]

/** No more caches than this have time series of their own. */
const MAX_SHOWN = 200

export interface CacheMetricsOptions {
  /** Where the caches are. */
  readonly caches: Pick<ReadableStore<ModelCache>, 'values'>
  /** Whether this replica leads. Only one replica counts caches, so that sums are right. */
  readonly leads: () => boolean
}

/** Shows the caches at each scrape, and counts what their hydration does. */
export function createCacheMetrics(
  { registry }: { registry: Registry },
  { caches, leads }: CacheMetricsOptions,
) {
  const registers = [registry]
  const seen = () => (leads() ? [...caches.values()] : [])
  new Gauge({
    name: 'modelcache_caches',
    help: 'ModelCaches by phase. The leader reports them.',
    labelNames: ['namespace', 'phase'] as const,
    registers,
    collect() {
      this.reset()
      for (const { metadata, status } of seen())
        this.inc({ namespace: metadata.namespace ?? '', phase: status?.phase ?? 'Pending' })
    },
  })
  new Gauge({
    name: 'modelcache_cache_bytes',
    help: 'Bytes of the present snapshots of all ModelCaches that are Ready. The leader reports them.',
    labelNames: ['namespace'] as const,
    registers,
    collect() {
      this.reset()
      for (const { metadata, status } of seen())
        if (status?.phase === 'Ready' && status.bytesTotal !== undefined)
          this.inc({ namespace: metadata.namespace ?? '' }, status.bytesTotal)
    },
  })
  const ofRuns = (name: string, help: string, read: (status: ModelCacheStatus) => number | undefined) =>
    new Gauge({
      name,
      help: `${help} At most ${MAX_SHOWN} ModelCaches are shown. The leader reports them.`,
      labelNames: ['namespace', 'modelcache'] as const,
      registers,
      collect() {
        this.reset()
        const hydrating = seen().filter(({ status }) => status?.phase === 'Hydrating')
        for (const { metadata, status } of hydrating.slice(0, MAX_SHOWN)) {
          const bytes = status && read(status)
          const { namespace = '', name } = metadata
          if (bytes !== undefined) this.set({ namespace, modelcache: name }, bytes)
        }
      },
    })
  ofRuns(
    'modelcache_hydration_staged_bytes',
    'Bytes on the volume, for each ModelCache in phase Hydrating.',
    ({ bytesStaged }) => bytesStaged,
  )
  ofRuns(
    'modelcache_hydration_expected_bytes',
    'Bytes of the whole artifact, for each ModelCache in phase Hydrating.',
    ({ bytesTotal }) => bytesTotal,
  )
  return hydrationCounters(registers)
}

function hydrationCounters(registers: Registry[]) {
  const bytes = new Counter({
    name: 'modelcache_hydration_bytes_total',
    help: 'Bytes that hydration pods reported as staged. Those that a pod found on the volume count, too.',
    labelNames: ['source'] as const,
    registers,
  })
  const staged = new Counter({
    name: 'modelcache_hydrations_total',
    help: 'Snapshots that are complete.',
    labelNames: ['source'] as const,
    registers,
  })
  const failures = new Counter({
    name: 'modelcache_hydration_failures_total',
    help: 'Runs of a Job that failed, those that measure or hash included, by the reason in status.',
    labelNames: ['reason'] as const,
    registers,
  })
  const duration = new Histogram({
    name: 'modelcache_hydration_duration_seconds',
    help: 'From the creation of the Job to the last byte, for snapshots that are complete.',
    labelNames: ['source'] as const,
    buckets: SECONDS,
    registers,
  })
  const verifications = new Counter({
    name: 'modelcache_verifications_total',
    help: 'Snapshots whose files were hashed again: intact, or damaged.',
    labelNames: ['result'] as const,
    registers,
  })
  // Without a first value of 0, Prometheus cannot see the first increase.
  for (const source of SOURCE_NAMES) {
    bytes.inc({ source }, 0)
    staged.inc({ source }, 0)
  }
  for (const reason of RUN_FAILURES) failures.inc({ reason }, 0)
  for (const result of ['intact', 'damaged']) verifications.inc({ result }, 0)
  return {
    /** A status of that cache has been stored. */
    observeStatus(cache: ModelCache, after: ModelCacheStatus): void {
      const outcome = outcomeOf(cache.status, after)
      const [source = 'none'] = namesOf(cache.spec.artifact.source)
      if (outcome.bytes > 0) bytes.inc({ source }, outcome.bytes)
      if (outcome.failed !== undefined) failures.inc({ reason: outcome.failed })
      if (outcome.verified !== undefined) verifications.inc({ result: outcome.verified })
      if (outcome.staged === undefined) return
      staged.inc({ source })
      if (outcome.staged.seconds !== undefined) duration.observe({ source }, outcome.staged.seconds)
    },
  }
}

export type CacheMetrics = ReturnType<typeof createCacheMetrics>
