import cluster, { type Worker } from 'node:cluster'
import type { Logger } from 'pino'
import { AggregatorRegistry, type Registry } from 'prom-client'
import { type ReadinessCheck, reasonsOf, type Scraped } from './health-server.ts'

// Runs a role in several processes that share its port, to use several cores. Each worker has its own
// watches, stores and certificates. The first process accepts connections, and answers probes and scrapes for
// all.

/** A worker that takes longer to answer has a stuck event loop. */
const ANSWER_MS = 3_000
/** All heaps together get this share of the memory, in percent. The manifests use the same number. */
const HEAP_PERCENT = 60

/** What the first process sends. */
type Order = { order: 'report'; id: number } | { order: 'terminate' }
/** What a worker sends: why it is not ready. */
interface Report {
  report: number
  reasons: string[]
}

/** Whether this process is a worker. */
export const isWorker = (): boolean => cluster.isWorker

/** The number of this worker; undefined in other processes. */
export const workerNumber = (): number | undefined => cluster.worker?.id

/** In a worker: answers the first process, and calls `terminate` when it says so. */
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
  // The constructor starts to answer requests for metrics.
  new AggregatorRegistry()
  process.on('message', async (order: Order) => {
    if (order.order === 'terminate') terminate()
    if (order.order !== 'report') return
    process.send?.({ report: order.id, reasons: await reasonsOf(checks) } satisfies Report)
  })
}

/** In a worker: disconnects from the first process, because the worker cannot exit before that. */
export function leaveFirstProcess(): void {
  cluster.worker?.disconnect()
}

/** All workers, as the first process sees them. */
export interface Workers {
  /** Why some worker is not ready, or that it does not answer; undefined if all are ready. */
  notReady(): Promise<string | undefined>
  /** Whether every worker answers. */
  isAlive(): Promise<boolean>
  /** The metrics of all workers, added up. */
  readonly metrics: Scraped
  /** Resolves when all workers have exited: with 0 if we told them to, and otherwise with an error code. */
  readonly ended: Promise<number>
  /** Tells all workers to drain and exit. */
  terminate(): void
}

/**
 * Starts `count` more processes of this program. If one of them exits without being told to, we stop the
 * others too, so that kubelet notices and restarts the container.
 */
export function startWorkers(count: number, logger: Logger): Workers {
  // The workers share the memory limit of one container.
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
