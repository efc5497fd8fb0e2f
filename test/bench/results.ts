import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { z } from 'zod'
import { spread } from './timed-rounds.ts'

const result = z.object({
  name: z.string(),
  work: z.string(),
  unit: z.string(),
  /** Medians. */
  ours: z.number(),
  peers: z.record(z.string(), z.number()),
  /** How we compare with each peer. Above 1 is better for us. */
  ratio: z.record(z.string(), z.number()),
  rounds: z.int(),
  /** The smallest and the largest figure of each tool. */
  spread: z.record(z.string(), z.tuple([z.number(), z.number()])),
})

export const benchmarks = z.object({ machine: z.string(), rows: z.array(result) })

/** A line of docs/benchmarks.json. */
export type Result = z.infer<typeof result>
export type Benchmarks = z.infer<typeof benchmarks>

const FILE = new URL('../../docs/benchmarks.json', import.meta.url)

/** What was measured before. */
export async function readBenchmarks(): Promise<Benchmarks> {
  const text = await readFile(FILE, 'utf8').catch(() => '{"machine":"","rows":[]}')
  return benchmarks.parse(JSON.parse(text))
}

/** Writes results down. Of several with one name, the last one counts. */
export async function writeBenchmarks(rows: readonly Result[]): Promise<void> {
  const byName = new Map(rows.map(row => [row.name, row]))
  const content: Benchmarks = { machine: machine(), rows: [...byName.values()] }
  const text = JSON.stringify(content, undefined, 2)
  // The formatter writes short lists so.
  const short = text.replaceAll(
    /\[\s+([^[\]{}]+?)\s+\]/g,
    (_, items: string) => `[${items.replaceAll(/\s+/g, ' ')}]`,
  )
  await writeFile(FILE, `${short}\n`)
}

function machine(): string {
  const [cpu] = cpus()
  // stat -f calls ext4 ext2/ext3, because they share a number.
  const table = execFileSync('df', ['--output=fstype', tmpdir()], { encoding: 'utf8' })
  const fileSystem = table.trim().split('\n').at(-1)
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} cores of ${cpu?.model.trim()}, ${memory} GiB of memory, Linux ${release()}, files on ${fileSystem}, Node.js ${process.version}`
}

export interface RowOf {
  name: string
  work: string
  unit: string
  /** The name of our tool. */
  ours: string
  /** The figure of each tool in each round. */
  figures: ReadonlyMap<string, readonly number[]>
  /** Whether a larger figure is a better one; default false. */
  isMoreBetter?: boolean
}

/** Makes a row from the medians. */
export function rowOf({ name, work, unit, ours: own, figures, isMoreBetter = false }: RowOf): Result {
  const spreads = new Map([...figures].map(([tool, all]) => [tool, spread(all)]))
  const ours = spreads.get(own)?.median ?? Number.NaN
  const peers = [...spreads].filter(([tool]) => tool !== own)
  const better = (theirs: number) => (isMoreBetter ? ours / theirs : theirs / ours)
  return {
    ...{ name, work, unit },
    ours: rounded(ours),
    peers: Object.fromEntries(peers.map(([tool, { median }]) => [tool, rounded(median)])),
    ratio: Object.fromEntries(peers.map(([tool, { median }]) => [tool, rounded(better(median))])),
    rounds: figures.get(own)?.length ?? 0,
    spread: Object.fromEntries(
      [...spreads].map(([tool, { min, max }]) => [tool, [rounded(min), rounded(max)]]),
    ),
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

/** Prints a row in one line. */
export function printRow({ name, ours, unit, peers }: Result): void {
  const figures = [['ours', ours], ...Object.entries(peers)].map(
    ([tool, value]) => `${tool} ${value} ${unit}`,
  )
  console.log(`${name}: ${figures.join(', ')}`)
}
