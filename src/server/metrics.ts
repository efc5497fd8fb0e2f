import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { AdmissionRequest } from '../admission/admission-review.ts'
import type { Decision } from '../admission/decision.ts'
import type { ClusterWatches, WatchedKind } from '../cluster/watches.ts'

/** Decisions take microseconds, live reads milliseconds, and the API server waits 5 s at the most. */
const SECONDS = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

/** Why a request was not decided. */
const SHED_CAUSES = ['event-loop-lag', 'memory', 'deadline'] as const
export type ShedCause = (typeof SHED_CAUSES)[number]

/** The metrics of one process, in a registry of its own. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const reviews = new Counter({
    name: 'modelcache_admission_reviews_total',
    help: 'Admission reviews answered, by webhook, operation, verdict and the first reason of a denial.',
    labelNames: ['webhook', 'operation', 'verdict', 'reason'] as const,
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'modelcache_admission_duration_seconds',
    help: 'Time from a parsed review to its decision, live reads included.',
    labelNames: ['webhook'] as const,
    buckets: SECONDS,
    registers: [registry],
  })
  const shed = new Counter({
    name: 'modelcache_admission_shed_total',
    help: 'Requests that were not decided, by cause; the API server repeats all but those whose deadline has passed.',
    labelNames: ['cause'] as const,
    registers: [registry],
  })
  for (const cause of SHED_CAUSES) shed.inc({ cause }, 0)
  const evicted = new Counter({
    name: 'modelcache_admission_connections_evicted_total',
    help: 'Connections that waited for their client and were closed to make room for others.',
    registers: [registry],
  })
  return {
    registry,
    shed: (cause: ShedCause) => shed.inc({ cause }),
    connectionEvicted: () => evicted.inc(),
    observeReview(webhook: string, request: AdmissionRequest, decision: Decision, seconds: number): void {
      const verdict = decision.allowed ? 'allowed' : 'denied'
      const reason = decision.allowed ? '' : decision.findings[0].violation.reason
      reviews.inc({ webhook, operation: request.operation, verdict, reason })
      duration.observe({ webhook }, seconds)
    },
  }
}

export type Metrics = ReturnType<typeof createMetrics>

/** Shows the state of the watches, read at each scrape. */
export function exposeWatches({ registry }: Metrics, watches: Pick<ClusterWatches, 'kinds'>): void {
  const gauge = (name: string, help: string, read: (kind: WatchedKind) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['kind'] as const,
      registers: [registry],
      collect() {
        for (const kind of watches.kinds) this.set({ kind: kind.plural }, read(kind))
      },
    })
  gauge('modelcache_watch_objects', 'Objects held in memory.', kind => kind.size())
  gauge('modelcache_watch_restarts', 'Watches opened anew since the start.', ({ stats }) => stats.restarts)
  gauge(
    'modelcache_watch_errors',
    'Lists and watches that failed since the start.',
    ({ stats }) => stats.errors,
  )
  gauge(
    'modelcache_watch_last_event_timestamp_seconds',
    'Last sign of life of the watch, bookmarks included.',
    ({ stats }) => (stats.lastEventAt ?? 0) / 1000,
  )
}

/** Shows until when the certificates that this replica relies on are valid, read at each scrape; in milliseconds since the epoch. */
export function exposeCertificates(
  { registry }: Metrics,
  expiries: Readonly<Partial<Record<'serving' | 'ca', () => number | undefined>>>,
): void {
  new Gauge({
    name: 'modelcache_certificate_expiry_timestamp_seconds',
    help: 'When the certificate ends: the one that the webhook serves with, and that of the CA that signs.',
    labelNames: ['certificate'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const [certificate, read] of Object.entries(expiries)) {
        const expiry = read()
        if (expiry !== undefined) this.set({ certificate }, expiry / 1000)
      }
    },
  })
}

/** Shows whether this replica leads, read at each scrape: of all replicas, one at the most. */
export function exposeLeadership({ registry }: Metrics, leads: () => boolean): void {
  new Gauge({
    name: 'modelcache_leader',
    help: '1 while this replica leads, and so writes; else 0.',
    registers: [registry],
    collect() {
      this.set(leads() ? 1 : 0)
    },
  })
}
