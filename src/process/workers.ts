import cluster, { type Worker } from 'node:cluster'
import type { Logger } from 'pino'
import { AggregatorRegistry, type Registry } from 'prom-client'
import { type ReadinessCheck, reasonsOf, type Scraped } from './health-server.ts'

// A role in several processes that share its port, for more cores. Each one is complete, with watches, stores
// and certificates of its own. The first process accepts connections, and speaks for all of them.

/** How long a worker may take to answer. Its event loop is stuck after that, or nearly. */
const ANSWER_MS = 3_000
/** The share of the memory that all heaps together may have, in percent, as in the manifests. */
const HEAP_PERCENT = 60

/** From the first process. */
type Order = { order: 'report'; id: number } | { order: 'terminate' }
/** From a worker: why it is not ready. */
interface Report {
  report: number
  reasons: string[]
}

/** Whether this process is one of several that serve together. */
export const isWorker = (): boolean => cluster.isWorker

/** Which one, for the log. */
export const workerNumber = (): number | undefined => cluster.worker?.id

/** In a worker: answers for it, and calls `terminate` when the first process says so. */
export function obeyFirstProcess({
  checks,
  registry,
  terminate,
}: {
  checks: readonly ReadinessCheck[]
  registry: Registry
  terminate: () => void
}): void {
  AggregatorRegistry.setRegistries(registry)
  // It answers for the registry from now on.
  new AggregatorRegistry()
  process.on('message', async (order: Order) => {
    if (order.order === 'terminate') terminate()
    if (order.order !== 'report') return
    process.send?.({ report: order.id, reasons: await reasonsOf(checks) } satisfies Report)
  })
}

/** In a worker: its work is done. While it is connected to the first process, it would not end. */
export function leaveFirstProcess(): void {
  cluster.worker?.disconnect()
}

/** All workers, as the first process sees them. */
export interface Workers {
  /** Reasons of any worker not to be ready, or that it does not answer. */
  notReady(): Promise<string | undefined>
  /** Whether the event loops of all of them run. */
  isAlive(): Promise<boolean>
  /** The metrics of all of them together. */
  readonly metrics: Scraped
  /** Resolves when all have ended: with 0 if they were told to, and else with 1. */
  readonly ended: Promise<number>
  /** Tells all of them to drain and to end. */
  terminate(): void
}

/**
 * Runs this program in so many more processes. If one of them ends unasked, the others are told to end too,
 * so that kubelet sees it and starts all of them again.
 */
export function startWorkers(count: number, logger: Logger): Workers {
  // Together they have the memory of one.
  const heap = `--max-old-space-size-percentage=${Math.max(1, Math.floor(HEAP_PERCENT / count))}`
  cluster.setupPrimary({ execArgv: [...process.execArgv, heap] })
  const aggregator = new AggregatorRegistry()
  const waiting = new Map<number, (reasons: string[]) => void>()
  let reports = 0
  let isTerminating = false
  let code = 0

  const alive = () => Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined)
  const tell = (worker: Worker, order: Order) => {
    if (worker.isConnected()) worker.send(order)
  }
  const terminate = () => {
    isTerminating = true
    for (const worker of alive()) tell(worker, { order: 'terminate' })
  }
  cluster.on('message', (_, { report, reasons }: Partial<Report>) => {
    if (report !== undefined) waiting.get(report)?.(reasons ?? [])
  })
  const ended = new Promise<number>(resolve => {
    cluster.on('exit', (worker, exitCode, signal) => {
      if (!isTerminating) {
        logger.error({ worker: worker.id, exitCode, signal }, 'a worker has ended, so all of them end')
        code = exitCode || 1
        terminate()
      }
      if (alive().length === 0) resolve(code)
    })
  })
  for (let number = 0; number < count; number++) cluster.fork()

  const ask = (worker: Worker) =>
    new Promise<string[] | undefined>(resolve => {
      const id = ++reports
      const timer = setTimeout(() => settle(undefined), ANSWER_MS)
      const settle = (reasons: string[] | undefined) => {
        clearTimeout(timer)
        waiting.delete(id)
        resolve(reasons)
      }
      waiting.set(id, settle)
      tell(worker, { order: 'report', id })
    })
  const askAll = () => Promise.all(alive().map(async worker => ({ worker, reasons: await ask(worker) })))
  return {
    async notReady() {
      const answers = await askAll()
      const silent = answers.find(({ reasons }) => reasons === undefined)
      if (silent !== undefined) return `worker ${silent.worker.id} does not answer`
      if (answers.length < count) return `${answers.length} of ${count} workers run`
      const reasons = new Set(answers.flatMap(answer => answer.reasons ?? []))
      return reasons.size > 0 ? [...reasons].join('\n') : undefined
    },
    isAlive: async () => (await askAll()).every(({ reasons }) => reasons !== undefined),
    metrics: { contentType: aggregator.contentType, metrics: () => aggregator.clusterMetrics() },
    ended,
    terminate,
  }
}
