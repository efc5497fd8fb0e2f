import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import type { Reason } from '../src/api/reasons.ts'
import { alertsYaml, prometheusRuleYaml } from './alerts.ts'
import { apiMarkdown } from './api-doc.ts'
import { benchmarksMarkdown } from './benchmarks-doc.ts'
import { cliMarkdown } from './cli-doc.ts'
import { inferenceClusterCrd, modelCacheCrd, modelDeploymentCrd } from './crd.ts'
import { dashboardJson } from './dashboard.ts'
import { metricsMarkdown } from './metrics-doc.ts'
import { type Quote, reasonsMarkdown, statusReasonsMarkdown } from './reasons-doc.ts'
import { storageClassesMarkdown } from './storage-doc.ts'

/** The generated files by their path in the repository, and how each is generated. A test compares them. */
export const GENERATED = [
  // Twice, because Helm reads nothing outside its chart.
  ...['manifests/crds', 'chart/files/crds'].flatMap(folder => [
    {
      path: `${folder}/modelplane.ai_modelcaches.yaml`,
      content: () => crdYaml('src/api/modelcache.ts', modelCacheCrd()),
    },
    {
      path: `${folder}/modelplane.ai_inferenceclusters.yaml`,
      content: () => crdYaml('src/api/inference-cluster.ts', inferenceClusterCrd()),
    },
    {
      path: `${folder}/modelplane.ai_modeldeployments.yaml`,
      content: () => crdYaml('src/api/modeldeployment.ts', modelDeploymentCrd()),
    },
  ]),
  { path: 'manifests/monitoring/prometheus-rule.yaml', content: prometheusRuleYaml },
  { path: 'chart/files/monitoring/alerts.yaml', content: alertsYaml },
  ...['manifests', 'chart/files'].map(folder => ({
    path: `${folder}/monitoring/dashboard.json`,
    content: dashboardJson,
  })),
  { path: 'docs/reasons.md', content: () => reasonsMarkdown(quotesOf) },
  { path: 'docs/status-reasons.md', content: statusReasonsMarkdown },
  {
    path: 'docs/api.md',
    content: () => apiMarkdown([modelCacheCrd(), modelDeploymentCrd(), inferenceClusterCrd()]),
  },
  { path: 'docs/cli.md', content: cliMarkdown },
  { path: 'docs/metrics.md', content: metricsMarkdown },
  { path: 'docs/storage-classes.md', content: storageClassesMarkdown },
  { path: 'docs/benchmarks.md', content: benchmarksMarkdown },
]

/** The place of a file of the repository. */
export function inRepository(path: string): URL {
  return new URL(`../${path}`, import.meta.url)
}

function crdYaml(source: string, crd: object): string {
  const header = `# Generated from ${source} by: npm run generate\n`
  return header + stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false })
}

/**
 * The quotes in the examples that are named after a reason. A test through the API server checks the quotes.
 */
function quotesOf(reason: Reason): Quote[] {
  const name = reason.replaceAll(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()
  return ['examples/denied', 'examples/warned'].flatMap(gallery => {
    const folder = `${gallery}/${name}`
    const files = globSync(`${folder}/*.yaml`, { cwd: inRepository('') }).toSorted()
    const last = files.at(-1)
    return last === undefined ? [] : [{ folder, lines: quotedIn(readFileSync(inRepository(last), 'utf8')) }]
  })
}

/** The command in the comment at the top of an example, and what it prints. */
function quotedIn(example: string): string[] {
  const comment = example.slice(0, example.search(/^[^#]/m)).split('\n')
  const quoted = comment.slice(comment.findIndex(line => line.startsWith('#     $ ')))
  return quoted.map(line => line.replace(/^# */, '')).filter(line => line !== '')
}

if (import.meta.main) {
  for (const { path, content } of GENERATED) {
    writeFileSync(inRepository(path), await content())
    console.log(`wrote ${path}`)
  }
}
