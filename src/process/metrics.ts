import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** The metrics of one process, in a registry of its own: those of the process and of Node, until others are added. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return { registry }
}

export type Metrics = ReturnType<typeof createMetrics>

/** Shows until when the certificates that this replica relies on are valid, read at each scrape; in milliseconds since the epoch. */
export function exposeCertificates(
  { registry }: Metrics,
  expiries: Readonly<Partial<Record<'serving' | 'ca', () => number | undefined>>>,
): void {
  new Gauge({
    name: 'modelcache_certificate_expiry_timestamp_seconds',
    help: 'When the certificate ends: the one that the webhook serves with, and that of the CA that signs.',
    labelNames: ['certificate'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const [certificate, read] of Object.entries(expiries)) {
        const expiry = read()
        if (expiry !== undefined) this.set({ certificate }, expiry / 1000)
      }
    },
  })
}

/** Shows whether this replica leads, read at each scrape: of all replicas, one at the most. */
export function exposeLeadership({ registry }: Metrics, leads: () => boolean): void {
  new Gauge({
    name: 'modelcache_leader',
    help: '1 while this replica leads, and so writes; else 0.',
    registers: [registry],
    collect() {
      this.set(leads() ? 1 : 0)
    },
  })
}
