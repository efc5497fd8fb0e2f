import { readFileSync } from 'node:fs'
import { benchmarks, type Result } from '../test/bench/results.ts'
import { page, table, wrapped } from './markdown.ts'

const INTRODUCTION =
  '`make bench-hydrate` stages files from a server on loopback, and has other tools fetch the same files. The tools take turns. Each figure is the median of all rounds, with the smallest and the largest beside it. `modelcache hydrate` hashes every byte and syncs every file. `hf download` compares sizes, and `aria2c` compares nothing. Each tool has 16 connections.'

const RATIO =
  'A ratio is the figure of the other tool over ours, so above 1 is better for ModelCache. Rows that end with `-rss` are the most memory that all processes of a tool had together.'

/** docs/benchmarks.md: what docs/benchmarks.json says. */
export function benchmarksMarkdown(): string {
  const text = readFileSync(new URL('../docs/benchmarks.json', import.meta.url), 'utf8')
  const { machine, rows } = benchmarks.parse(JSON.parse(text))
  return page('docs/benchmarks.json', 'How fast it stages', [
    wrapped(INTRODUCTION),
    wrapped(RATIO),
    wrapped(`The machine: ${machine}. The server shares it.`),
    table(['row', 'work', 'tool', 'figure', 'ratio'], rows.flatMap(linesOf)),
  ])
}

function linesOf({ name, work, unit, ours, peers, ratio, spread }: Result): string[][] {
  const figure = (tool: string, median: number) => {
    const [min, max] = spread[tool] ?? [median, median]
    return `${median} ${unit} (${min} to ${max})`
  }
  const own = [`\`${name}\``, work, 'modelcache hydrate', figure('modelcache hydrate', ours), '']
  const others = Object.entries(peers).map(([tool, median]) => [
    '',
    '',
    tool,
    figure(tool, median),
    String(ratio[tool] ?? ''),
  ])
  return [own, ...others]
}
