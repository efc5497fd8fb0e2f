import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { quantile } from '../timed-rounds.ts'

const run = promisify(execFile)

/** h2load runs on this core. The servers run on the other one. */
const CORE = '1'
const LIMIT_MS = 120_000

export interface Load {
  url: string
  body: string
  connections: number
  requests: number
}

export interface Loaded {
  /** Requests answered in a second. */
  rate: number
  /** Milliseconds. */
  p50: number
  p99: number
}

/**
 * Posts one body over and over, over HTTP/1.1 connections that stay open.
 *
 * @throws if any answer is not 200.
 */
export async function h2load({ url, body, connections, requests }: Load): Promise<Loaded> {
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-load-'))
  try {
    const [data, log] = [join(dir, 'body.json'), join(dir, 'requests.log')]
    await writeFile(data, body)
    const load = ['--h1', '-t', '1', '-c', String(connections), '-n', String(requests)]
    const { stdout } = await run(
      'taskset',
      [
        ...['-c', CORE, 'h2load', ...load],
        ...['-H', 'content-type: application/json', '-d', data, '--log-file', log, url],
      ],
      { timeout: LIMIT_MS },
    )
    return resultOf(stdout, requests, await readFile(log, 'utf8'))
  } finally {
    await rm(dir, { recursive: true })
  }
}

function resultOf(summary: string, requests: number, log: string): Loaded {
  const rate = Number(/finished in .*, ([\d.]+) req\/s/.exec(summary)?.[1])
  const answered = Number(/status codes: (\d+) 2xx/.exec(summary)?.[1])
  if (!(rate > 0) || answered !== requests)
    throw new Error(`h2load got ${answered} answers for ${requests} requests: ${summary}`)
  // Each line has the start in µs, the status, and the duration in µs.
  const ms = log.split('\n').flatMap(line => (line === '' ? [] : [Number(line.split('\t')[2]) / 1000]))
  const sorted = ms.toSorted((one, other) => one - other)
  return { rate, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}
