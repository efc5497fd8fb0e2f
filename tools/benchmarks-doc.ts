import { readFileSync } from 'node:fs'
import { benchmarks, type Result } from '../test/bench/results.ts'
import { page, table, wrapped } from './markdown.ts'

const FIGURES =
  'Each figure is the median of all rounds, with the smallest and the largest beside it, and the tools take turns. A ratio says how ModelCache compares with the tool in that line: above 1 is better for ModelCache.'

const ADMISSION =
  '`make bench` posts the same reviews to ModelCache and to others, over https and connections that stay open: to `bare`, a server of Node.js that parses each review and echoes its uid, and to a webhook on controller-runtime that mutates the same pod. Each server has one core, and the load has another one. Rows that start with `apiserver-` compare with pods in a namespace that the installation leaves alone, with policies and webhooks. `make bench-memory` starts the roles on a real control plane.'

const PROFILE =
  'Where the time of `mutate-pod` goes, by `make bench-profile`. Green is ModelCache, yellow is libraries, and blue is Node.js.'

const CONTROLLER =
  '`make bench-controller` creates a thousand caches at once on a real control plane with its own controllers. A stand-in for kubelets says of each pod that it has staged its files. Everything shares the machine: etcd, the API server, the controllers of Kubernetes and both roles.'

const HUB =
  '`make bench-fleet` registers fifty clusters at a hub, and creates a thousand ModelCaches that go to all of them. The hub and its control plane are real. The other clusters are stand-ins that answer as an API server with ModelCache would, all in one process, and stage nothing. Everything shares the machine.'

const STAGING =
  '`make bench-hydrate` stages files from a server on loopback, and has other tools fetch the same files. `modelcache hydrate` hashes every byte and syncs every file, and writes large ones past the page cache. `hf download` compares sizes, and `aria2c` compares nothing. Each tool has 16 connections, `aws` has ten. Rows that end with `-rss` are the most memory that all processes of a tool had together. The server shares the machine.'

const HYDRATE = 'modelcache hydrate'

/** docs/benchmarks.md: what docs/benchmarks.json says. */
export function benchmarksMarkdown(): string {
  const text = readFileSync(new URL('../docs/benchmarks.json', import.meta.url), 'utf8')
  const { machine, rows } = benchmarks.parse(JSON.parse(text))
  const isStaging = ({ spread }: Result) => HYDRATE in spread
  const isController = ({ name }: Result) => name.startsWith('controller-')
  const isHub = ({ name }: Result) => name.startsWith('hub-')
  return page('docs/benchmarks.json', 'Benchmarks', [
    wrapped(`The machine: ${machine}. ${FIGURES}`),
    '## Admission',
    wrapped(ADMISSION),
    tableOf(rows.filter(row => !isStaging(row) && !isController(row) && !isHub(row))),
    wrapped(PROFILE),
    '![Flame graph](admission-flame-graph.svg)',
    ...(rows.some(isController)
      ? ['## The controller', wrapped(CONTROLLER), tableOf(rows.filter(isController))]
      : []),
    ...(rows.some(isHub) ? ['## The hub', wrapped(HUB), tableOf(rows.filter(isHub))] : []),
    '## Staging',
    wrapped(STAGING),
    tableOf(rows.filter(isStaging)),
  ])
}

function tableOf(rows: readonly Result[]): string {
  return table(['row', 'work', 'tool', 'figure', 'ratio'], rows.flatMap(linesOf))
}

function linesOf({ name, work, unit, ours, peers, ratio, spread }: Result): string[][] {
  const figure = (tool: string, median: number) => {
    const [min, max] = spread[tool] ?? [median, median]
    return `${median} ${unit} (${min} to ${max})`
  }
  const own = Object.keys(spread).find(tool => !(tool in peers)) ?? ''
  const others = Object.entries(peers).map(([tool, median]) => [
    '',
    '',
    tool,
    figure(tool, median),
    String(ratio[tool] ?? ''),
  ])
  return [[`\`${name}\``, work, own, figure(own, ours), ''], ...others]
}
