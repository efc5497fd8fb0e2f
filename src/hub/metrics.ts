import { Gauge, type Registry } from 'prom-client'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { ReadableStore } from '../kube/store.ts'

/** Shows at each scrape how many InferenceClusters are Ready. Only the replica that leads counts them. */
export function exposeClusters(
  { registry }: { registry: Registry },
  { clusters, leads }: { clusters: Pick<ReadableStore<InferenceCluster>, 'values'>; leads: () => boolean },
): void {
  new Gauge({
    name: 'modelcache_inference_clusters',
    help: 'InferenceClusters, by the reason of their condition Ready. The leader reports them.',
    labelNames: ['reason'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const { status } of leads() ? clusters.values() : [])
        this.inc({ reason: status?.conditions?.find(({ type }) => type === 'Ready')?.reason ?? 'Unknown' })
    },
  })
}
