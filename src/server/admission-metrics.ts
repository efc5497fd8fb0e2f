import { Counter, Histogram } from 'prom-client'
import type { AdmissionRequest } from '../admission/admission-review.ts'
import type { Decision } from '../admission/decision.ts'
import type { Metrics } from '../process/metrics.ts'

/** Decisions take microseconds, live reads take milliseconds, and the API server waits at most 5 s. */
const SECONDS = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

/** Why a request was not decided. */
const SHED_CAUSES = ['event-loop-lag', 'memory', 'deadline'] as const
export type ShedCause = (typeof SHED_CAUSES)[number]

/** Counts what a webhook answers, and what it does not. */
export function createAdmissionMetrics({ registry }: Metrics) {
  const reviews = new Counter({
    name: 'modelcache_admission_reviews_total',
    help: 'Admission reviews answered, by webhook, operation, verdict and the first reason of a denial.',
    labelNames: ['webhook', 'operation', 'verdict', 'reason'] as const,
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'modelcache_admission_duration_seconds',
    help: 'Time from a parsed review to its decision, including live reads.',
    labelNames: ['webhook'] as const,
    buckets: SECONDS,
    registers: [registry],
  })
  const durations = new Map<string, Histogram.Internal<'webhook'>>()
  // Finding the histogram by its labels costs as much as observing.
  const durationOf = (webhook: string) => {
    const found = durations.get(webhook) ?? duration.labels({ webhook })
    durations.set(webhook, found)
    return found
  }
  const shed = new Counter({
    name: 'modelcache_admission_shed_total',
    help: `Requests that were not decided, by cause: ${SHED_CAUSES.join(', ')}. The API server repeats all except those whose deadline has passed.`,
    labelNames: ['cause'] as const,
    registers: [registry],
  })
  for (const cause of SHED_CAUSES) shed.inc({ cause }, 0)
  const faults = new Counter({
    name: 'modelcache_admission_faults_total',
    help: 'Requests that were denied because of a fault in a rule, with reason InternalError.',
    registers: [registry],
  })
  const evicted = new Counter({
    name: 'modelcache_admission_connections_evicted_total',
    help: 'Connections that waited for their client and were closed to make room for others.',
    registers: [registry],
  })
  return {
    shed: (cause: ShedCause) => shed.inc({ cause }),
    connectionEvicted: () => evicted.inc(),
    observeReview(webhook: string, request: AdmissionRequest, decision: Decision, seconds: number): void {
      const verdict = decision.allowed ? 'allowed' : 'denied'
      const reason = decision.allowed ? '' : decision.findings[0].violation.reason
      reviews.inc({ webhook, operation: request.operation, verdict, reason })
      if (reason === 'InternalError') faults.inc()
      durationOf(webhook).observe(seconds)
    },
  }
}

export type AdmissionMetrics = ReturnType<typeof createAdmissionMetrics>
