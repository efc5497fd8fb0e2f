import { Registry } from 'prom-client'
import { z } from 'zod'
import { exposeWatches } from '../src/cluster/watch-metrics.ts'
import { createGateMetrics } from '../src/controller/gates/gate-metrics.ts'
import { createNudgeMetrics } from '../src/controller/gates/nudge-metrics.ts'
import { createCacheMetrics } from '../src/controller/modelcache/cache-metrics.ts'
import { exposeClusters, exposeCopies, exposeShares } from '../src/hub/metrics.ts'
import {
  exposeBuild,
  exposeCertificates,
  exposeLeadership,
  exposeReconcilers,
  exposeTrust,
} from '../src/process/metrics.ts'
import { createAdmissionMetrics } from '../src/server/admission-metrics.ts'
import { page, table, wrapped } from './markdown.ts'

const INTRODUCTION =
  'All roles serve these metrics at `/metrics` of their health port (`--health-port`, 8080), in the format of Prometheus. In addition they serve those of the process and of Node, which begin with `process_` and `nodejs_`. [The page about monitoring](monitoring.md) says how to scrape them, which alerts to set and how to draw them.'

const CONTROLLER =
  'Only the replica that leads reports caches, pods and hydration. So a sum over all replicas is right. Counters start at 0 when another replica takes the lead, as they do when a process starts again.'

/** What registers the metrics of each role, with nothing behind it. */
const ROLES: Readonly<Record<string, readonly ((metrics: { registry: Registry }) => unknown)[]>> = {
  'Webhook and controller': [
    metrics => exposeBuild(metrics, ''),
    metrics => exposeWatches(metrics, { kinds: [] }),
    metrics => exposeCertificates(metrics, {}),
  ],
  'The webhook': [createAdmissionMetrics],
  'The controller': [
    metrics => createCacheMetrics(metrics, { caches: { values: () => [] }, leads: () => false }),
    metrics => createGateMetrics(metrics, { pods: { values: () => [] }, leads: () => false }),
    createNudgeMetrics,
    exposeReconcilers,
    metrics => exposeLeadership(metrics, () => false),
    metrics => exposeTrust(metrics, () => false),
  ],
  'The hub': [
    metrics => exposeBuild(metrics, ''),
    metrics => exposeWatches(metrics, { kinds: [] }),
    exposeReconcilers,
    metrics => exposeClusters(metrics, { clusters: { values: () => [] }, leads: () => false }),
    metrics => exposeCopies(metrics, { copies: () => [], caches: { get: () => undefined } }),
    metrics => exposeShares(metrics, { deployments: { values: () => [] }, leads: () => false }),
  ],
}

const registered = z.array(
  z.looseObject({ name: z.string(), help: z.string(), labelNames: z.array(z.string()) }),
)

/** docs/metrics.md: every metric of the product by role, as the code registers it. */
export async function metricsMarkdown(): Promise<string> {
  const sections = await Promise.all(
    Object.entries(ROLES).map(async ([role, parts]) => {
      const rows = await rowsOf(parts)
      const more = role === 'The controller' ? [wrapped(CONTROLLER)] : []
      return [`## ${role}`, ...more, table(['metric', 'type', 'labels', 'meaning'], rows)]
    }),
  )
  return page('the metrics in src/', 'Metrics', [wrapped(INTRODUCTION), ...sections.flat()])
}

async function rowsOf(parts: (typeof ROLES)[string]): Promise<string[][]> {
  const registry = new Registry()
  for (const part of parts) part({ registry })
  const types = new Map((await registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]))
  return registered
    .parse(registry.getMetricsAsArray())
    .map(({ name, help, labelNames }) => [
      `\`${name}\``,
      types.get(name) ?? '',
      labelNames.map(label => `\`${label}\``).join(', '),
      help,
    ])
}
