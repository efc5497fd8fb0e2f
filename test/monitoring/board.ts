import { readFileSync } from 'node:fs'
import { z } from 'zod'

const target = z.object({
  expr: z.string(),
  legendFormat: z.string().optional(),
  refId: z.string().optional(),
})
const panel = z.looseObject({
  type: z.enum(['row', 'stat', 'table', 'timeseries']),
  title: z.string(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: z.array(target).optional(),
  fieldConfig: z.object({ defaults: z.looseObject({ unit: z.string().optional() }) }).optional(),
})
const board = z.looseObject({ title: z.string(), panels: z.array(panel) })

export type Panel = z.infer<typeof panel>

/** The board that ships. */
export function readBoard(): z.infer<typeof board> {
  const file = new URL('../../manifests/monitoring/dashboard.json', import.meta.url)
  return board.parse(JSON.parse(readFileSync(file, 'utf8')))
}

/** An expression as Grafana sends it: every namespace, and rates over that many seconds. */
export function filledIn(expr: string, rateSeconds: number): string {
  return expr.replaceAll('$namespace', '.*').replaceAll('$__rate_interval', `${rateSeconds}s`)
}
