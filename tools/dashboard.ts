import {
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

const SOURCE: DataSourceRef = { type: 'prometheus', uid: '$' + '{datasource}' }
const IN = 'namespace=~"$namespace"'
const DAY_S = 86_400

/** One line of a panel: what it is called, and what it shows. */
type Lines = Readonly<Record<string, string>>

/** manifests/monitoring/dashboard.json: the board for Grafana. */
export function dashboardJson(): string {
  const board = new DashboardBuilder('ModelCache')
    .uid('modelcache')
    .tags(['modelcache', 'kubernetes'])
    .description('Caches and their hydration, admission, and pods that wait for their caches.')
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('namespace')
        .label('Namespace')
        .datasource(SOURCE)
        .query('label_values(modelcache_caches, namespace)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.*'),
    )
  const rows: [string, Panel[]][] = [
    ['Now', NOW],
    ['Caches', CACHES],
    ['Hydration', HYDRATION],
    ['Admission', ADMISSION],
    ['Pods that wait for their caches', GATES],
    ['Inside', INSIDE],
  ]
  for (const [title, panels] of rows) {
    board.withRow(new RowBuilder(title))
    for (const panel of panels) board.withPanel(panel)
  }
  return `${JSON.stringify(board.build(), undefined, 2)}\n`
}

type Panel = StatBuilder | TableBuilder | TimeseriesBuilder

function query(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).legendFormat(legend)
}

/** A number, red from a threshold on. Without one it is only a number. */
function stat(title: string, expr: string, options: { unit?: string; redFrom?: number } = {}): StatBuilder {
  const panel = new StatBuilder()
    .title(title)
    .datasource(SOURCE)
    .span(3)
    .height(4)
    .unit(options.unit ?? 'short')
    .noValue('0')
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .withTarget(query(expr, title).instant())
  const steps =
    options.redFrom === undefined
      ? [{ value: null, color: 'text' }]
      : [
          { value: null, color: 'green' },
          { value: options.redFrom, color: 'red' },
        ]
  return panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps))
}

/** The same, but red below a threshold. */
function gauge(title: string, expr: string, greenFrom: number, unit = 'short'): StatBuilder {
  const steps = [
    { value: null, color: 'red' },
    { value: greenFrom, color: 'green' },
  ]
  return stat(title, expr, { unit }).thresholds(
    new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps),
  )
}

function lines(title: string, description: string, unit: string, of: Lines): TimeseriesBuilder {
  const panel = new TimeseriesBuilder()
    .title(title)
    .description(description)
    .datasource(SOURCE)
    .span(8)
    .height(8)
    .unit(unit)
    .min(0)
    .fillOpacity(10)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
  for (const [legend, expr] of Object.entries(of)) panel.withTarget(query(expr, legend))
  return panel
}

/** Lines on top of one another, whose sum means something. */
function stack(title: string, description: string, unit: string, of: Lines): TimeseriesBuilder {
  return lines(title, description, unit, of)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
    .fillOpacity(40)
}

/** Two quantiles of a histogram. */
function quantiles(name: string, by: string, legend: string): Lines {
  const at = (share: number) =>
    `histogram_quantile(${share}, sum by (le${by}) (rate(${name}_bucket[$__rate_interval])))`
  return { [`half, ${legend}`]: at(0.5), [`95 %, ${legend}`]: at(0.95) }
}

const NOW = [
  stat('Ready', `sum(modelcache_caches{${IN}, phase="Ready"})`),
  stat('On their way', `sum(modelcache_caches{${IN}, phase!~"Ready|Failed"})`),
  stat('Failed', `sum(modelcache_caches{${IN}, phase="Failed"})`, { redFrom: 1 }),
  stat('Bytes cached', `sum(modelcache_cache_bytes{${IN}})`, { unit: 'bytes' }),
  stat('Pods that wait', `sum(modelcache_gated_pods{${IN}})`),
  gauge('Controllers that lead', 'sum(modelcache_leader)', 1),
  gauge('Webhooks', 'count(modelcache_admission_connections_evicted_total)', 1),
  gauge('Certificates end in', 'min(modelcache_certificate_expiry_timestamp_seconds) - time()', DAY_S, 's'),
]

const CACHES = [
  stack('Caches by phase', 'Counted by the controller that leads.', 'short', {
    '{{phase}}': `sum by (phase) (modelcache_caches{${IN}})`,
  }),
  stack('Bytes cached', 'Bytes of the present snapshots of caches that are Ready.', 'bytes', {
    '{{namespace}}': `sum by (namespace) (modelcache_cache_bytes{${IN}})`,
  }),
  new TableBuilder()
    .title('Being staged')
    .description('Bytes on the volume, and of the whole artifact once that is known.')
    .datasource(SOURCE)
    .span(8)
    .height(8)
    .noValue('nothing is being staged')
    .unit('bytes')
    .withTarget(
      tableQuery('staged', `sum by (namespace, modelcache) (modelcache_hydration_staged_bytes{${IN}})`),
    )
    .withTarget(
      tableQuery('expected', `sum by (namespace, modelcache) (modelcache_hydration_expected_bytes{${IN}})`),
    )
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        renameByName: { 'Value #staged': 'staged', 'Value #expected': 'expected' },
      },
    }),
]

function tableQuery(refId: string, expr: string): DataqueryBuilder {
  return new DataqueryBuilder().refId(refId).expr(expr).instant().format(PromQueryFormat.Table)
}

const HYDRATION = [
  stack('Bytes that come', 'What hydration pods report. All namespaces.', 'Bps', {
    '{{source}}':
      'sum by (source) (rate(modelcache_hydration_bytes_total[$__rate_interval])) and sum by (source) (modelcache_hydration_bytes_total) > 0',
  }),
  stack('Snapshots complete, and runs failed', 'In the last hour. All namespaces.', 'short', {
    'complete from {{source}}': 'sum by (source) (increase(modelcache_hydrations_total[1h])) > 0',
    '{{reason}}': 'sum by (reason) (increase(modelcache_hydration_failures_total[1h])) > 0',
  }),
  lines('Time to stage', 'From the creation of the Job to the last byte. All namespaces.', 's', {
    ...quantiles('modelcache_hydration_duration_seconds', ', source', '{{source}}'),
  }),
]

const ADMISSION = [
  stack('Reviews', 'Decisions per second.', 'reqps', {
    '{{webhook}} {{verdict}}':
      'sum by (webhook, verdict) (rate(modelcache_admission_reviews_total[$__rate_interval]))',
  }),
  stack('Denials', 'Per second, by the first reason.', 'reqps', {
    '{{reason}}':
      'sum by (reason) (rate(modelcache_admission_reviews_total{verdict="denied"}[$__rate_interval]))',
  }),
  lines('Time to decide', 'From a parsed review to its decision, including live reads.', 's', {
    ...quantiles('modelcache_admission_duration_seconds', ', webhook', '{{webhook}}'),
  }),
]

const GATES = [
  stack('Pods at their gate', 'No node and no GPU is taken while a pod waits.', 'short', {
    '{{namespace}}': `sum by (namespace) (modelcache_gated_pods{${IN}})`,
  }),
  lines('Gates removed', 'Per second. All namespaces.', 'short', {
    gates: 'sum(rate(modelcache_gates_lifted_total[$__rate_interval]))',
  }),
  lines('Time at the gate', 'From the creation of a pod to the removal of its gate.', 's', {
    ...quantiles('modelcache_gate_wait_seconds', '', 'all pods'),
  }),
]

const INSIDE = [
  lines('Requests put off', 'Per second, by cause. The API server repeats them.', 'reqps', {
    '{{cause}}': 'sum by (cause) (rate(modelcache_admission_shed_total[$__rate_interval]))',
  }),
  lines('Looks of the controller', 'Per second, by result.', 'ops', {
    '{{reconciler}} {{result}}':
      'sum by (reconciler, result) (rate(modelcache_reconcile_total[$__rate_interval]))',
  }),
  lines('Objects in memory', 'By kind, in the replica that holds the most.', 'short', {
    '{{kind}}': 'max by (kind) (modelcache_watch_objects)',
  }),
  lines('Watches', 'Opened again, and failed, per second.', 'ops', {
    'opened again': 'sum(rate(modelcache_watch_restarts_total[$__rate_interval]))',
    failed: 'sum(rate(modelcache_watch_errors_total[$__rate_interval]))',
  }),
  lines('Memory', 'Of each replica.', 'bytes', {
    '{{pod}}{{instance}}': 'process_resident_memory_bytes and on (instance) modelcache_build_info',
  }),
  lines('CPU', 'Cores, of each replica.', 'short', {
    '{{pod}}{{instance}}':
      'rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) modelcache_build_info',
  }),
]
