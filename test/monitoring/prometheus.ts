import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { prepareDaemon } from '../testbed/daemon.ts'
import { installPackages, packagesObstacle } from '../testbed/debian-packages.ts'
import { answersOk } from '../testbed/http.ts'
import { freePorts } from '../testbed/ports.ts'

const PACKAGES = { prometheus: 'promtool' }
const READY_MS = 60_000
const GRACE_MS = 5_000

/** Why Prometheus cannot be had here; undefined if it can. */
export const NO_PROMETHEUS = await packagesObstacle(PACKAGES)

export function installPrometheus(): Promise<void> {
  return installPackages(PACKAGES, line => console.log(line))
}

const sample = z.tuple([z.number(), z.string()])
const series = z.looseObject({
  metric: z.record(z.string(), z.string()),
  value: sample.optional(),
  values: z.array(sample).optional(),
})
const reply = z.object({ data: z.object({ result: z.array(series) }) })
const rules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(z.looseObject({ name: z.string(), health: z.string(), state: z.string() })),
      }),
    ),
  }),
})

export type Series = z.infer<typeof series>

export interface Prometheus extends AsyncDisposable {
  url: string
  /** The series of an expression now, or at sixty points of the last seconds until then. */
  query(expr: string, range?: { seconds: number; end: number }): Promise<Series[]>
  rules(): Promise<z.infer<typeof rules>['data']['groups'][number]['rules']>
}

/** Starts a Prometheus that scrapes these addresses every second. */
export async function startPrometheus(
  dir: string,
  { targets, ruleFile }: { targets: readonly string[]; ruleFile: string },
): Promise<Prometheus> {
  const home = join(dir, 'prometheus')
  await mkdir(home, { recursive: true })
  const config = join(home, 'prometheus.yaml')
  await writeFile(
    config,
    stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [ruleFile],
      scrape_configs: [
        { job_name: 'modelcache', honor_labels: true, static_configs: [{ targets: [...targets] }] },
      ],
    }),
  )
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const daemon = prepareDaemon({
    name: 'prometheus',
    command: 'prometheus',
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(home, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    logPath: join(dir, 'log', 'prometheus.log'),
    graceMs: GRACE_MS,
    ready: answersOk(`${url}/-/ready`),
    readyMs: READY_MS,
  })
  await daemon.start()
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/${path}`)
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${text}`)
    return JSON.parse(text)
  }
  return {
    url,
    async query(expr, range) {
      const query = encodeURIComponent(expr)
      const path =
        range === undefined
          ? `query?query=${query}`
          : `query_range?query=${query}&start=${range.end - range.seconds}&end=${range.end}&step=${range.seconds / 60}`
      return reply.parse(await ask(path)).data.result
    },
    rules: async () => rules.parse(await ask('rules')).data.groups.flatMap(group => group.rules),
    [Symbol.asyncDispose]: () => daemon.stop(),
  }
}
