import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { exposeWatches } from '../cluster/watch-metrics.ts'
import * as exported from '../process/metrics.ts'
import { createAdmissionMetrics } from '../server/admission-metrics.ts'

const DOCUMENT = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')

/** The metrics that a role adds to the common ones, by the function that adds them. */
const EXPOSED = {
  exposeCertificates: (metrics: exported.Metrics) => exported.exposeCertificates(metrics, {}),
  exposeReconcilers: (metrics: exported.Metrics) => exported.exposeReconcilers(metrics),
  exposeLeadership: (metrics: exported.Metrics) => exported.exposeLeadership(metrics, () => false),
}

const registered = z.array(z.looseObject({ name: z.string(), labelNames: z.array(z.string()) }))

/** The labels of every metric by its name, except those of the process and of Node. */
function labelsByName(): Map<string, string> {
  const metrics = exported.createMetrics()
  createAdmissionMetrics(metrics)
  exposeWatches(metrics, { kinds: [] })
  for (const expose of Object.values(EXPOSED)) expose(metrics)
  const ours = registered
    .parse(metrics.registry.getMetricsAsArray())
    .filter(({ name }) => !/^(process|nodejs)_/.test(name))
  return new Map(ours.map(({ name, labelNames }) => [name, labelNames.join(', ')]))
}

/** The rows of the table, with their cells as written. */
function rows(): { name: string; labels: string; meaning: string }[] {
  const [, section = ''] = DOCUMENT.split('\n## Metrics\n')
  return [...section.matchAll(/^\| `(?<name>\w+)` \|(?<labels>[^|]*)\| (?<meaning>.*) \|$/gm)].map(
    ({ groups: { name = '', labels = '', meaning = '' } = {} }) => ({ name, labels: labels.trim(), meaning }),
  )
}

describe('docs/operations.md', () => {
  test('has a row for each metric with its labels, and no other', () => {
    const documented = new Map(rows().map(({ name, labels }) => [name, labels]))
    expect(documented.size).toBe(rows().length)
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(labelsByName()))
  })

  test('names every cause for which a request is put off', async () => {
    const { registry } = exported.createMetrics()
    createAdmissionMetrics({ registry })
    const shed = registry.getSingleMetric('modelcache_admission_shed_total')
    const causes = (await shed?.get())?.values.map(({ labels }) => `\`${labels.cause}\``) ?? []
    const row = rows().find(({ name }) => name === 'modelcache_admission_shed_total')
    expect(row?.meaning.match(/`[^`]+`/g)).toEqual(causes)
  })

  test('is compared with what every function here exposes', () => {
    const functions = Object.keys(exported).filter(name => name.startsWith('expose'))
    expect(Object.keys(EXPOSED).sort()).toEqual(functions.sort())
  })
})
