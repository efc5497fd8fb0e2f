import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildBundle } from '../bundle.ts'
import { printRow, type Result, readBenchmarks, rowOf, writeBenchmarks } from '../results.ts'
import { type Measured, measured } from './measured.ts'
import { type Place, ROWS, type Row } from './rows.ts'
import { buildServer, serveFolder } from './server.ts'

const HELP = `Usage: make bench-hydrate [ROWS=NAME,NAME] [ROUNDS=N] [SCALE=X]

Stages files from a server on loopback, and has other tools fetch the same files: medians of N rounds (5), the tools in
turn. SCALE=0.1 makes all files smaller, and then nothing is written down. Otherwise the figures go to
docs/benchmarks.json, and npm run generate writes docs/benchmarks.md.

Rows: ${ROWS.map(({ name }) => name).join(', ')}.
The other tools must be on PATH: curl, tar, aria2c, oras, aws (Python's awscli), and hf (Python's
huggingface_hub).
`

const OURS = 'modelcache hydrate'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: ROWS.map(({ name }) => name).join() },
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else await bench(values.rows.split(','), Number(values.rounds), Number(values.scale))

async function bench(names: readonly string[], rounds: number, scale: number): Promise<void> {
  const unknown = names.filter(name => !ROWS.some(row => row.name === name))
  if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(', ')}`)
  const server = await buildServer()
  const dist = await mkdtemp(join(tmpdir(), 'modelcache-bench-'))
  await using built = new AsyncDisposableStack()
  built.defer(() => rm(dist, { recursive: true }))
  const main = await buildBundle(dist)
  for (const row of ROWS.filter(({ name }) => names.includes(name))) {
    const results = await benchRow(row, { main, server, rounds, scale })
    for (const result of results) printRow(result)
    if (scale === 1) await writeBenchmarks([...(await readBenchmarks()).rows, ...results])
  }
}

interface Options {
  /** The bundle, as in the image. */
  main: string
  server: string
  rounds: number
  scale: number
}

async function benchRow(row: Row, { main, server, rounds, scale }: Options): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'modelcache-bench-'))
  try {
    await mkdir(join(folder, 'served'))
    const names = await row.make(join(folder, 'served'), scale)
    await using served = await serveFolder(server, join(folder, 'served'), row.limits)
    const list = join(folder, 'list.txt')
    await writeFile(list, names.map(name => `${served.url}/${name}\n out=${name}\n`).join(''))
    const runs = new Map<string, Measured[]>()
    for (let round = 0; round < rounds; round++)
      for (const tool of [OURS, ...Object.keys(row.peers)]) {
        const place = { url: served.url, names, into: join(folder, 'into'), list }
        await mkdir(place.into)
        const run = await (tool === OURS ? hydrated(main, row, place) : peer(row.peers[tool], place))
        console.log(`  ${row.name}, ${tool}: ${run.seconds.toFixed(1)} s, ${run.mib.toFixed(0)} MiB`)
        runs.set(tool, [...(runs.get(tool) ?? []), run])
        await rm(place.into, { recursive: true })
      }
    return [
      resultOf(row, row.name, 's', runs, ({ seconds }) => seconds),
      resultOf(row, `${row.name}-rss`, 'MiB', runs, ({ mib }) => mib),
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function hydrated(main: string, row: Row, place: Place): Promise<Measured> {
  const manifest = join(place.into, 'cache.json')
  const spec = {
    artifact: { kind: 'Weights', source: row.source(place) },
    mount: { path: '/mnt/model' },
    storage: { backend: 'PVC' },
  }
  const object = {
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'ModelCache',
    metadata: { name: 'bench' },
    spec,
  }
  await writeFile(manifest, JSON.stringify(object))
  return measured(process.execPath, [main, 'hydrate', '-f', manifest, '--into', join(place.into, 'volume')])
}

function peer(command: ((place: Place) => string) | undefined, place: Place): Promise<Measured> {
  if (command === undefined) throw new Error('the row has no such tool')
  return measured('sh', ['-c', command(place)])
}

function resultOf(
  { work, limits }: Row,
  name: string,
  unit: string,
  runs: ReadonlyMap<string, readonly Measured[]>,
  figure: (run: Measured) => number,
): Result {
  const pace = limits && `${limits.mibPerSecond} MiB/s and ${limits.requestMs} ms for each connection`
  const figures = new Map([...runs].map(([tool, all]) => [tool, all.map(figure)]))
  return rowOf({ name, work: pace ? `${work}, ${pace}` : work, unit, ours: OURS, figures })
}
