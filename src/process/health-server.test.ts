import { afterEach, expect, test } from 'vitest'
import { createHealthServer, type ReadinessCheck } from './health-server.ts'
import { createMetrics, exposeLeadership } from './metrics.ts'

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

test('asks the checks again each time', async () => {
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

test('shows the metrics of its process in the format of Prometheus, and of no other', async () => {
  const [one, two] = [await start(), await start()]
  exposeLeadership(one.metrics, () => true)
  const response = await one.get('/metrics')
  expect(response.headers.get('content-type')).toContain('text/plain')
  expect(await response.text()).toContain('modelcache_leader 1\n')
  expect(await (await two.get('/metrics')).text()).not.toContain('modelcache_leader')
})
