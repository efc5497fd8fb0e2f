import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/**
 * The metrics of one process, in a registry of their own. It starts with those of the process and of Node.
 */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return { registry }
}

export type Metrics = ReturnType<typeof createMetrics>

/**
 * Exposes until when the certificates that this replica relies on are valid, read at each scrape; in
 * milliseconds since the epoch.
 */
export function exposeCertificates(
  { registry }: Metrics,
  expiries: Readonly<Partial<Record<'serving' | 'ca', () => number | undefined>>>,
): void {
  new Gauge({
    name: 'modelcache_certificate_expiry_timestamp_seconds',
    help: 'When a certificate ends: the serving certificate of the webhook, and the CA that signs.',
    labelNames: ['certificate'] as const,
    registers: [registry],
    // Workers report the certificate that ends first.
    aggregator: 'min',
    collect() {
      this.reset()
      for (const [certificate, read] of Object.entries(expiries)) {
        const expiry = read()
        if (expiry !== undefined) this.set({ certificate }, expiry / 1000)
      }
    },
  })
}

/** Exposes the version of this program, as a label of a metric that is always 1. */
export function exposeBuild({ registry }: Metrics, version: string): void {
  const build = new Gauge({
    name: 'modelcache_build_info',
    help: '1, with the version of the program.',
    labelNames: ['version'] as const,
    registers: [registry],
    aggregator: 'max',
  })
  build.set({ version }, 1)
}

/** Exposes whether the API server trusts the serving certificates, read at each scrape. */
export function exposeTrust({ registry }: Metrics, isTrusted: () => boolean): void {
  new Gauge({
    name: 'modelcache_webhooks_trusted',
    help: '1 while our webhook configurations trust the CA that signs the serving certificates; otherwise 0.',
    registers: [registry],
    collect() {
      this.set(isTrusted() ? 1 : 0)
    },
  })
}

/** Exposes whether this replica leads, read at each scrape. At most one of all replicas leads. */
export function exposeLeadership({ registry }: Metrics, leads: () => boolean): void {
  new Gauge({
    name: 'modelcache_leader',
    help: '1 while this replica leads, and so writes; otherwise 0.',
    registers: [registry],
    collect() {
      this.set(leads() ? 1 : 0)
    },
  })
}

/** Calls to the API server take milliseconds, and at most ten seconds. */
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** Counts what reconcilers do, and exposes how much waits for them, read at each scrape. */
export function exposeReconcilers({ registry }: Metrics) {
  const looks = new Counter({
    name: 'modelcache_reconcile_total',
    help: 'Looks at objects, by result: done, done and planned again for later, or failed and retried.',
    labelNames: ['reconciler', 'result'] as const,
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'modelcache_reconcile_duration_seconds',
    help: 'Time of one look, including its writes.',
    labelNames: ['reconciler'] as const,
    buckets: SECONDS,
    registers: [registry],
  })
  const readers = new Map<string, () => number>()
  new Gauge({
    name: 'modelcache_reconcile_waiting',
    help: 'Objects that are waiting for a look.',
    labelNames: ['reconciler'] as const,
    registers: [registry],
    collect() {
      for (const [reconciler, read] of readers) this.set({ reconciler }, read())
    },
  })
  return {
    worked(reconciler: string, result: 'done' | 'again' | 'failed', seconds: number): void {
      looks.inc({ reconciler, result })
      duration.observe({ reconciler }, seconds)
    },
    waiting: (reconciler: string, read: () => number) => void readers.set(reconciler, read),
  }
}
