import { expect, test } from 'vitest'
import { allow, deny } from '../admission/decision.ts'
import { aRequest } from '../admission/fixtures.ts'
import { violation } from '../api/violation.ts'
import { createMetrics } from '../process/metrics.ts'
import { createAdmissionMetrics } from './admission-metrics.ts'

test('counts reviews by webhook, operation, verdict and first reason', async () => {
  const { registry } = createMetrics()
  const metrics = createAdmissionMetrics({ registry })
  metrics.observeReview('mutate-pods', aRequest(), allow(), 0.002)
  metrics.observeReview('mutate-pods', aRequest(), deny(violation('CacheNotReady', '', '')), 0.002)
  metrics.observeReview('mutate-pods', aRequest(), deny(violation('CacheNotReady', '', '')), 0.002)
  const text = await registry.metrics()
  const counter = (verdict: string, reason: string) =>
    `modelcache_admission_reviews_total{webhook="mutate-pods",operation="CREATE",verdict="${verdict}",reason="${reason}"}`
  expect(text).toContain(`${counter('allowed', '')} 1\n`)
  expect(text).toContain(`${counter('denied', 'CacheNotReady')} 2\n`)
  expect(text).toContain('modelcache_admission_duration_seconds_bucket{le="0.001",webhook="mutate-pods"} 0\n')
  expect(text).toContain('modelcache_admission_duration_seconds_bucket{le="0.005",webhook="mutate-pods"} 3\n')
})
