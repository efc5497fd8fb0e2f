import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { filledIn, readBoard } from '../monitoring/board.ts'
import {
  installPrometheus,
  NO_PROMETHEUS,
  type Prometheus,
  startPrometheus,
} from '../monitoring/prometheus.ts'
import { outputOf, runCommand } from '../testbed/command.ts'
import { httpGet } from '../testbed/http.ts'
import { eventually } from './support/cluster.ts'
import { annotations, modelCache, pausedCache, soundSpec } from './support/objects.ts'
import { type OwnPlane, startOwnPlane } from './support/own-plane.ts'
import { inline, report, sized, stagingIn } from './support/staging.ts'

// What Prometheus makes of the product while caches are staged, fail and are waited for.

const ALERTS = new URL('../../manifests/monitoring/alerts.yaml', import.meta.url)
const METRICS = new URL('../../docs/metrics.md', import.meta.url)
const MONITORING = new URL('../../docs/monitoring.md', import.meta.url)
/** Rates are over this much time. */
const RATE_S = 60

let own: OwnPlane
let prometheus: Prometheus
const { inPhase, provision, podOf, run, end } = stagingIn(() => own.cluster)

const waiting = (name: string, cache: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...annotations(cache, { 'modelplane.ai/not-ready': 'Gate' }) },
  spec: { containers: [{ name: 'main', image: 'registry.example.com/anything' }] },
})

describe.skipIf(NO_PROMETHEUS)('in Prometheus', () => {
  beforeAll(async () => {
    await installPrometheus()
    own = await startOwnPlane()
    const targets = [own.product.webhook, own.product.controller].map(
      ({ healthUrl }) => new URL(healthUrl).host,
    )
    const ruleFile = join(own.dir, 'alerts.yaml')
    await copyFile(ALERTS, ruleFile)
    prometheus = await startPrometheus(own.dir, { targets, ruleFile })
    await eventually(
      'a first scrape',
      async () => (await prometheus.query('up == 1')).length === 2 || undefined,
    )
    await own.cluster.need(
      modelCache('works', soundSpec({ ...inline, ...sized })),
      modelCache('rejected', soundSpec({ ...inline, ...sized })),
      pausedCache('far', soundSpec()),
      waiting('patient', 'works'),
      waiting('forgotten', 'far'),
    )
    await own.cluster.setStatus('modelcache/far', { phase: 'Hydrating', bytesStaged: 4e9, bytesTotal: 9e9 })
    await provision('modelcache--works')
    await provision('modelcache--rejected')
    await end(await podOf('modelcache--rejected'), 1, { reason: 'ChecksumMismatch', message: 'no such file' })
    await inPhase('rejected', 'Failed', 'ChecksumMismatch')
    const pod = await podOf('modelcache--works')
    await run(pod)
    await end(pod, 0, report)
    await inPhase('works', 'Ready')
  })
  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]()
    await own?.[Symbol.asyncDispose]()
  })

  const hasValue = (expr: string) =>
    eventually(expr, async () => {
      const [found] = await prometheus.query(expr)
      return found?.value?.[1]
    })

  test.each([
    ['sum(modelcache_caches{phase="Failed"}) == 1'],
    ['sum(modelcache_caches{phase="Ready"}) == 2'],
    ['sum(modelcache_cache_bytes) >= 17'],
    ['sum(modelcache_hydration_staged_bytes{modelcache="far"}) == 4e9'],
    ['sum(modelcache_hydration_expected_bytes{modelcache="far"}) == 9e9'],
    ['sum(modelcache_hydrations_total{source="inline"}) == 1'],
    ['sum(modelcache_hydration_bytes_total{source="inline"}) == 17'],
    ['sum(modelcache_hydration_duration_seconds_count{source="inline"}) == 1'],
    ['sum(modelcache_hydration_failures_total{reason="ChecksumMismatch"}) >= 1'],
    ['sum(modelcache_gated_pods) == 1'],
    ['sum(modelcache_gates_lifted_total) == 1'],
    ['sum(modelcache_gate_wait_seconds_count) == 1'],
    ['sum(modelcache_leader) == 1'],
    ['min(modelcache_webhooks_trusted) == 1'],
    ['count(min by (certificate) (modelcache_certificate_expiry_timestamp_seconds) > time()) == 2'],
    ['count(modelcache_build_info) == 2'],
  ])('%s', async expr => {
    await hasValue(expr)
  })

  test('what the roles serve is what docs/metrics.md lists', async () => {
    const text = await readFile(METRICS, 'utf8')
    const [, both = '', webhook = '', controller = ''] = text.split(/^## /m)
    const namesIn = (section: string) =>
      [...section.matchAll(/^\| `(\w+)` \| (\w+)/gm)].map(([, name, type]) => `${name} ${type}`)
    const served = async (healthUrl: string) => {
      const { body } = await httpGet(`${healthUrl}/metrics`)
      return [...body.matchAll(/^# TYPE (modelcache_\w+) (\w+)$/gm)].map(
        ([, name, type]) => `${name} ${type}`,
      )
    }
    const { product } = own
    expect((await served(product.webhook.healthUrl)).toSorted()).toEqual(
      [...namesIn(both), ...namesIn(webhook)].toSorted(),
    )
    expect((await served(product.controller.healthUrl)).toSorted()).toEqual(
      [...namesIn(both), ...namesIn(controller)].toSorted(),
    )
  })

  test('ours are well formed, as promtool checks them', async () => {
    for (const role of [own.product.webhook, own.product.controller]) {
      const file = join(own.dir, 'metrics.txt')
      const { body } = await httpGet(`${role.healthUrl}/metrics`)
      const ours = body.split('\n').filter(line => line.includes('modelcache_'))
      await writeFile(file, `${ours.join('\n')}\n`)
      outputOf(
        await runCommand('sh', ['-c', 'promtool check metrics <"$1"', 'sh', file]),
        'promtool check metrics',
      )
    }
  })

  const board = readBoard()
  const queries = board.panels.flatMap(({ type, title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, expr, isRange: type === 'timeseries' })),
  )

  test.each(queries)('the board has data for $panel: $expr', async ({ expr, isRange }) => {
    const found = await eventually(`data of ${expr}`, async () => {
      const all = await prometheus.query(
        filledIn(expr, RATE_S),
        isRange ? { seconds: RATE_S, end: Date.now() / 1000 } : undefined,
      )
      return all.length > 0 ? all : undefined
    })
    for (const { metric } of found) expect(Object.keys(metric)).not.toContain('exported_namespace')
  })

  test('its panels do not overlap', () => {
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    for (const { gridPos } of board.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
  })

  test('the alerts are loaded and evaluated, and only those about caches are on their way', async () => {
    const rules = await eventually('the evaluation of the alerts', async () => {
      const all = await prometheus.rules()
      return all.length > 0 && all.every(({ health }) => health === 'ok') ? all : undefined
    })
    const active = rules.filter(({ state }) => state !== 'inactive').map(({ name }) => name)
    expect(active.toSorted()).toEqual(['ModelCacheFailed', 'ModelCachePodsGated'])
  })
})

describe.skipIf(NO_PROMETHEUS)('the alerts', () => {
  test('pass their unit tests, as promtool runs them', async () => {
    await installPrometheus()
    const folder = new URL('../monitoring/', import.meta.url)
    const script =
      'cd "$(mktemp -d)" && cp "$1" alerts.yaml && cp "$2" tests.yaml && promtool check rules alerts.yaml && promtool test rules tests.yaml'
    const tests = new URL('alerts.yaml', folder)
    outputOf(await runCommand('sh', ['-ec', script, 'sh', ALERTS.pathname, tests.pathname]), 'promtool')
  })

  test('each has a section in docs/monitoring.md and a test', async () => {
    const names = [...(await readFile(ALERTS, 'utf8')).matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
    const page = await readFile(MONITORING, 'utf8')
    const documented = [...page.matchAll(/^### (ModelCache\w+)$/gm)].map(([, name]) => name)
    expect(documented).toEqual(names)
    const tested = await readFile(new URL('../monitoring/alerts.yaml', import.meta.url), 'utf8')
    for (const name of names) expect(tested).toContain(`labels: ALERTS{alertname="${name}"`)
  })
})
