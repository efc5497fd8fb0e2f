import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { filledIn, type Panel, readBoard } from './board.ts'
import type { Prometheus, Series } from './prometheus.ts'

const RATE_S = 20
const COLUMN_PX = 62
const ROW_PX = 30
const COLORS = ['#3274d9', '#56a64b', '#e0b400', '#e02f44', '#8f3bb8', '#ff780a', '#1f78c1', '#0a9c8e']

/** A page with the panels of the board where Grafana would put them, and the data of the last seconds. */
export async function boardPage(prometheus: Prometheus, seconds: number): Promise<string> {
  const { title, panels } = readBoard()
  const range = { seconds, end: Date.now() / 1000 }
  const drawn = await Promise.all(panels.map(panel => drawPanel(panel, prometheus, range)))
  const plot = createRequire(import.meta.url).resolve('uplot')
  const folder = plot.slice(0, plot.lastIndexOf('/'))
  return `<!doctype html><meta charset="utf-8"><title>${title}</title>
<style>${readFileSync(`${folder}/uPlot.min.css`, 'utf8')}
body { margin: 0; background: #f4f5f5; font: 13px sans-serif; color: #24292e; }
.panel { position: absolute; box-sizing: border-box; background: #fff; border: 1px solid #e1e4e8; border-radius: 3px; padding: 6px 8px; overflow: hidden; }
.row { position: absolute; font-weight: 600; padding: 6px 8px; }
.title { font-weight: 600; }
.number { font-size: 30px; margin-top: 14px; text-align: center; }
.legend { color: #57606a; font-size: 11px; }
td, th { text-align: left; padding: 4px 12px 4px 0; }
</style><body><script>${readFileSync(`${folder}/uPlot.iife.min.js`, 'utf8')}</script>
${drawn.join('\n')}`
}

/** How large a window must be to show all of it. */
export function boardSize(): { width: number; height: number } {
  const bottoms = readBoard().panels.map(({ gridPos: { y, h } }) => y + h)
  return { width: 24 * COLUMN_PX, height: Math.max(...bottoms) * ROW_PX }
}

type Range = NonNullable<Parameters<Prometheus['query']>[1]>

async function drawPanel(panel: Panel, prometheus: Prometheus, range: Range): Promise<string> {
  const { type, title, gridPos, targets = [] } = panel
  const { x, y, w, h } = gridPos
  const place = `left:${x * COLUMN_PX}px;top:${y * ROW_PX}px;width:${w * COLUMN_PX - 6}px;height:${h * ROW_PX - 6}px`
  if (type === 'row') return `<div class="row" style="${place}">▾ ${title}</div>`
  const { unit = 'short' } = panel.fieldConfig?.defaults ?? {}
  const answers = await Promise.all(
    targets.map(({ expr }) =>
      prometheus.query(filledIn(expr, RATE_S), type === 'timeseries' ? range : undefined),
    ),
  )
  const body =
    type === 'timeseries'
      ? lines(panel, answers, { width: w * COLUMN_PX - 26, height: h * ROW_PX - 76 })
      : type === 'table'
        ? rows(answers, unit)
        : `<div class="number">${amount(Number(answers[0]?.[0]?.value?.[1] ?? 0), unit)}</div>`
  return `<div class="panel" style="${place}"><div class="title">${title}</div>${body}</div>`
}

function lines(panel: Panel, answers: Series[][], size: { width: number; height: number }): string {
  const named = answers.flatMap((found, index) =>
    found.map(each => ({
      ...each,
      label: legendOf(panel.targets?.[index]?.legendFormat ?? '', each.metric),
    })),
  )
  const times = [...new Set(named.flatMap(({ values = [] }) => values.map(([time]) => time)))].toSorted()
  const isStacked = JSON.stringify(panel.fieldConfig).includes('"mode":"normal"')
  let below = times.map(() => 0)
  const data = named.map(({ values = [] }) => {
    const at = new Map(values.map(([time, value]) => [time, Number(value)]))
    const own = times.map(time => at.get(time) ?? (isStacked ? 0 : undefined))
    if (!isStacked) return own.map(value => (Number.isFinite(value) ? value : null))
    below = below.map((sum, index) => sum + (own[index] || 0))
    return below
  })
  const unit = panel.fieldConfig?.defaults.unit ?? 'short'
  const id = `plot${panel.gridPos.x}x${panel.gridPos.y}`
  const colorOf = (index: number) => COLORS[index % COLORS.length] ?? ''
  const shown = named.map(({ label }, index) => ({
    label,
    stroke: colorOf(index),
    width: 1.5,
    fill: `${colorOf(index)}18`,
  }))
  // Of what is stacked, the tallest is drawn first.
  const order = isStacked ? shown.map((_, index) => shown.length - 1 - index) : shown.map((_, index) => index)
  const legend = named
    .map(({ label }, index) => `<span style="color:${colorOf(index)}">■</span> ${label}`)
    .join('&ensp;')
  return `<div id="${id}"></div><div class="legend">${legend}</div><script>{
${amount.toString()}
new uPlot({ ...${JSON.stringify(size)}, legend: { show: false }, cursor: { show: false },
  scales: { y: { range: (u, low, high) => [0, (high || 1) * 1.1] } },
  axes: [{}, { size: 78, values: (u, all) => all.map(value => amount(value, '${unit}')) }],
  series: [{}, ...${JSON.stringify(order.map(index => shown[index]))}],
}, ${JSON.stringify([times, ...order.map(index => data[index])])}, document.getElementById('${id}'))
}</script>`
}

function legendOf(format: string, metric: Readonly<Record<string, string>>): string {
  return format.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '')
}

function rows([staged = [], expected = []]: Series[][], unit: string): string {
  const cells = staged.map(({ metric, value }) => {
    const whole = expected.find(({ metric: other }) => other.modelcache === metric.modelcache)?.value
    return `<tr><td>${metric.namespace}<td>${metric.modelcache}<td>${amount(Number(value?.[1]), unit)}<td>${whole === undefined ? '' : amount(Number(whole[1]), unit)}`
  })
  return `<table><tr><th>namespace<th>modelcache<th>staged<th>expected${cells.join('')}</table>`
}

/** A number with its unit. The page has it too, so it uses nothing from outside. */
function amount(value: number, unit: string): string {
  const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB'].map((name, step): [number, string] => [1024 ** step, name])
  const scales: Record<string, [number, string][]> = {
    bytes: binary,
    Bps: binary.map(([size, name]) => [size, `${name}/s`]),
    s: [
      [1e-6, 'µs'],
      [1e-3, 'ms'],
      [1, 's'],
      [60, 'min'],
      [86_400, 'days'],
    ],
    reqps: [[1, 'req/s']],
    ops: [[1, 'ops/s']],
  }
  const scale = scales[unit] ?? []
  const [size, name] = scale.findLast(([from]) => value >= from) ?? scale[0] ?? [1, '']
  return `${Number((value / size).toPrecision(3))} ${value === 0 && unit === 's' ? 's' : name}`.trim()
}
