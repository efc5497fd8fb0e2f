import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPackages } from '../../testbed/debian-packages.ts'
import { type Result, rowOf } from '../results.ts'
import { writeCertificate } from './certificate.ts'
import { checkAnswer } from './check-answer.ts'
import { h2load, type Loaded } from './h2load.ts'
import { WORKS, type Work } from './reviews.ts'
import { type Server, startServer } from './server.ts'
import { BARE, OURS, type Subject, subjects } from './subjects.ts'

/** How many connections an API server opens when it is idle, busy and overloaded. */
const CONNECTIONS = [1, 8, 64]
/** The row for this number of connections has no number in its name. */
const MOST = 64
const WARM_UP = { connections: 8, seconds: 3 }
/** The rough length of a round. */
const SECONDS = 2

export interface AdmissionBench {
  rounds: number
  /** Names of works. */
  works: readonly string[]
}

/**
 * Measures reviews from socket to socket: TLS, HTTP/1.1, JSON, decision, reply. All servers run on one core,
 * and the load runs on the other one. In each round, the servers take turns.
 */
export async function benchAdmission({ rounds, works }: AdmissionBench): Promise<Result[]> {
  await installPackages({ 'nghttp2-client': 'h2load' }, console.log)
  await using started = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-bench-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const env = await writeCertificate(dir)
  const results: Result[] = []
  for (const work of WORKS.filter(({ name }) => works.includes(name))) {
    const running = new Map<Subject, Server>()
    for (const subject of await subjects(dir)) {
      if (!subject.works(work)) continue
      running.set(subject, started.use(await startServer(subject.command, subject.args, env)))
    }
    results.push(...(await benchWork(work, running, rounds)))
    for (const server of running.values()) await server[Symbol.asyncDispose]()
  }
  return results
}

async function benchWork(
  work: Work,
  servers: ReadonlyMap<Subject, Server>,
  rounds: number,
): Promise<Result[]> {
  const body = JSON.stringify(work.review)
  const urlOf = ({ origin }: Server, path = work.path) => `${origin}${path}?timeout=5s`
  for (const [{ decides, path, perSecond }, server] of servers) {
    await checkAnswer(urlOf(server, path), work, decides)
    await h2load({ url: urlOf(server, path), body, ...WARM_UP, requests: perSecond * WARM_UP.seconds })
  }
  const connections = work.name === 'mutate-pod' ? CONNECTIONS : [MOST]
  const runs = new Map(connections.map(count => [count, new Map<string, Loaded[]>()]))
  for (let round = 0; round < rounds; round++)
    for (const [count, byName] of runs)
      for (const [{ name, decides, path, perSecond }, server] of servers) {
        const url = urlOf(server, path)
        const requests = perSecond * SECONDS
        const cpu = server.cpuSeconds()
        const loaded = await h2load({ url, body, connections: count, requests })
        const micros = ((server.cpuSeconds() - cpu) * 1e6) / requests
        console.log(
          `  ${work.name}, ${count} connections, ${name}: ${Math.round(loaded.rate)}/s, ` +
            `p99 ${loaded.p99.toFixed(2)} ms, ${micros.toFixed(0)} µs of CPU for each`,
        )
        await checkAnswer(url, work, decides)
        byName.set(name, [...(byName.get(name) ?? []), loaded])
      }
  return [...runs].flatMap(([count, byName]) => rowsOf(work, body, count, byName))
}

function rowsOf(
  { name, work }: Work,
  body: string,
  connections: number,
  runs: ReadonlyMap<string, readonly Loaded[]>,
): Result[] {
  const row = connections === MOST ? name : `${name}-${connections}`
  const plural = connections === 1 ? '1 connection' : `${connections} connections`
  const words = `${work}, ${body.length} bytes, ${plural}`
  const figures = (figure: (loaded: Loaded) => number) =>
    new Map([...runs].map(([tool, all]) => [tool, all.map(figure)]))
  const rate = rowOf({
    ...{ name: row, work: words, unit: 'requests/s', ours: OURS, isMoreBetter: true },
    figures: figures(loaded => loaded.rate),
  })
  if (name !== 'mutate-pod') return [rate]
  const latency = (which: 'p50' | 'p99') =>
    rowOf({
      ...{ name: `${row}-${which}`, work: words, unit: 'ms', ours: OURS },
      figures: figures(loaded => loaded[which]),
    })
  return [rate, latency('p50'), latency('p99')]
}

/** The rows whose ratio to bare Node.js is more than a tenth below the one in docs/benchmarks.json. */
export function lost(written: readonly Result[], measured: readonly Result[]): string[] {
  return measured.flatMap(({ name, unit, ratio: { [BARE]: now } }) => {
    const before = written.find(row => row.name === name)?.ratio[BARE]
    if (unit !== 'requests/s' || before === undefined || now === undefined || now >= 0.9 * before) return []
    return [`${name}: ${now} of ${BARE}, and docs/benchmarks.json has ${before}`]
  })
}
