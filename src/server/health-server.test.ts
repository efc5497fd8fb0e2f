import { afterEach, expect, test } from 'vitest'
import { allow, deny } from '../admission/decision.ts'
import { aRequest } from '../admission/fixtures.ts'
import { violation } from '../api/violation.ts'
import { createHealthServer, type ReadinessCheck } from './health-server.ts'
import { createMetrics } from './metrics.ts'

const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function start(checks: ReadinessCheck[] = []) {
  const metrics = createMetrics()
  const server = createHealthServer({ checks, metrics })
  cleanups.push(() => server.close())
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  return { metrics, get: (path: string) => fetch(`${url}${path}`, { headers: { connection: 'close' } }) }
}

test('is ready when no check has a reason against it', async () => {
  const { get } = await start([() => undefined, () => undefined])
  const response = await get('/readyz')
  expect([response.status, await response.text()]).toEqual([200, 'ok\n'])
})

test('is not ready for every reason that a check gives, one a line', async () => {
  const { get } = await start([() => 'watches are not synced', () => undefined, () => 'draining'])
  const response = await get('/readyz')
  expect([response.status, await response.text()]).toEqual([503, 'watches are not synced\ndraining\n'])
})

test('asks the checks anew each time', async () => {
  let reason: string | undefined = 'watches are not synced'
  const { get } = await start([() => reason])
  expect((await get('/readyz')).status).toBe(503)
  reason = undefined
  expect((await get('/readyz')).status).toBe(200)
  reason = 'draining'
  expect((await get('/readyz')).status).toBe(503)
})

test('is alive although it is not ready: a restart would not help', async () => {
  const { get } = await start([() => 'draining'])
  expect((await get('/healthz')).status).toBe(200)
})

test('counts reviews by webhook, operation, verdict and first reason', async () => {
  const { metrics, get } = await start()
  metrics.observeReview('mutate-pods', aRequest(), allow(), 0.002)
  metrics.observeReview('mutate-pods', aRequest(), deny(violation('CacheNotReady', '', '')), 0.002)
  metrics.observeReview('mutate-pods', aRequest(), deny(violation('CacheNotReady', '', '')), 0.002)
  const response = await get('/metrics')
  expect(response.headers.get('content-type')).toContain('text/plain')
  const text = await response.text()
  const counter = (verdict: string, reason: string) =>
    `modelcache_admission_reviews_total{webhook="mutate-pods",operation="CREATE",verdict="${verdict}",reason="${reason}"}`
  expect(text).toContain(`${counter('allowed', '')} 1\n`)
  expect(text).toContain(`${counter('denied', 'CacheNotReady')} 2\n`)
  expect(text).toContain('modelcache_admission_duration_seconds_bucket{le="0.001",webhook="mutate-pods"} 0\n')
  expect(text).toContain('modelcache_admission_duration_seconds_bucket{le="0.005",webhook="mutate-pods"} 3\n')
})

test('two servers in one process do not share metrics', async () => {
  const [one, two] = [await start(), await start()]
  one.metrics.observeReview('mutate-pods', aRequest(), allow(), 0.002)
  expect(await (await two.get('/metrics')).text()).not.toContain('webhook="mutate-pods"')
})
