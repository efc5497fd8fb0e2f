import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'

const SOURCE = 'manifests/monitoring/alerts.yaml'

/** The alerts as they are written, for the chart: Helm reads nothing outside its folder. */
export function alertsYaml(): string {
  return readFileSync(new URL(`../${SOURCE}`, import.meta.url), 'utf8')
}

/** The alerts as an object of the Prometheus Operator. */
export function prometheusRuleYaml(): string {
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'modelcache', namespace: 'modelcache-system' },
    spec: parse(alertsYaml()),
  }
  return `# Generated from ${SOURCE} by: npm run generate\n${stringify(rule, { lineWidth: 110 })}`
}
