import { pino } from 'pino'
import { Pool } from 'undici'
import { mutatePod } from '../../src/admission/pod/mutate.ts'
import { issueCA, issueLeaf } from '../../src/certs/issue.ts'
import { createMetrics } from '../../src/process/metrics.ts'
import { createAdmissionMetrics } from '../../src/server/admission-metrics.ts'
import { createAdmissionServer } from '../../src/server/admission-server.ts'
import { clusterOf, READY } from './cluster.ts'
import { leaderPod, podReview } from './subjects.ts'
import { quantile, row, spread } from './timed-rounds.ts'

const ROUNDS = 5
const REQUESTS = 3_000

/**
 * A review from socket to socket: TLS, HTTP/1.1 keep-alive, JSON, decision, reply. Client and server share
 * one process and so one core, which makes the figures an upper bound of the latency.
 */
export async function benchServer(): Promise<void> {
  const ca = await issueCA({ commonName: 'bench', days: 1 })
  const leaf = await issueLeaf(ca, {
    commonName: 'localhost',
    dnsNames: ['localhost'],
    days: 1,
    usages: ['serverAuth'],
  })
  const server = createAdmissionServer({
    tls: { key: leaf.keyPem, cert: leaf.certPem },
    webhooks: { '/mutate-pods': mutatePod },
    view: clusterOf({ caches: 1_000 }),
    confirm: async view => view,
    synced: () => true,
    draining: () => false,
    metrics: createAdmissionMetrics(createMetrics()),
    logger: pino({ level: 'silent' }),
  })
  const origin = (await server.listen({ host: '127.0.0.1', port: 0 })).replace('127.0.0.1', 'localhost')
  try {
    for (const connections of [1, 8]) {
      const pool = new Pool(origin, { connections, connect: { ca: ca.certPem, lookup: toLoopback } })
      const { rate, p50, p99 } = await measure(pool, connections)
      await pool.close()
      const name = `review over https, ${connections} connection${connections > 1 ? 's' : ''}`
      console.log(row(name, rate, 'per second'))
      console.log(row('  p50', p50, 'µs'))
      console.log(row('  p99', p99, 'µs'))
    }
  } finally {
    await server.close()
  }
}

async function measure(pool: Pool, connections: number) {
  const body = JSON.stringify(podReview(leaderPod(READY)))
  const rounds = []
  // The first round is a warm-up and does not count.
  for (let round = 0; round <= ROUNDS; round++) rounds.push(await runRound(pool, connections, body))
  const counted = rounds.slice(1)
  return {
    rate: spread(counted.map(({ rate }) => rate)),
    p50: spread(counted.map(({ latencies }) => quantile(latencies, 0.5))),
    p99: spread(counted.map(({ latencies }) => quantile(latencies, 0.99))),
  }
}

async function runRound(pool: Pool, connections: number, body: string) {
  const latencies: number[] = []
  const start = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let i = 0; i < REQUESTS / connections; i++) {
        const sent = performance.now()
        const reply = await pool.request({
          method: 'POST',
          path: '/mutate-pods?timeout=5s',
          headers: { 'content-type': 'application/json' },
          body,
        })
        const text = await reply.body.text()
        latencies.push((performance.now() - sent) * 1000)
        if (!text.includes('"patchType":"JSONPatch"')) throw new Error(`no patch in the reply: ${text}`)
      }
    }),
  )
  const rate = latencies.length / ((performance.now() - start) / 1000)
  return { rate, latencies: latencies.toSorted((a, b) => a - b) }
}

/** Node would try ::1 first for localhost, and nothing listens there. */
function toLoopback(
  _name: string,
  _options: object,
  done: (error: null, addresses: { address: string; family: number }[]) => void,
) {
  done(null, [{ address: '127.0.0.1', family: 4 }])
}
