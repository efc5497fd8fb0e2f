import { Gauge, type Registry } from 'prom-client'
import type { KnownDeployment } from '../api/condensed-deployment.ts'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { PHASES } from '../api/modelcache-status.ts'
import { conditionOf } from '../api/readiness.ts'
import type { ReadableStore } from '../kube/store.ts'
import type { CacheCopy } from './caches/copy.ts'
import type { Copies } from './copies/copies.ts'

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
        this.inc({ reason: conditionOf(status, 'Ready')?.reason ?? 'Unknown' })
    },
  })
}

/** What the metrics show of the clusters that the hub is connected to. */
export interface CopiesView {
  /** The clusters, while this replica leads. */
  copies(): Iterable<[cluster: string, copies: Pick<Copies<CacheCopy>, 'store'>]>
  /** The ModelCaches of the hub. */
  caches: Pick<ReadableStore<ModelCache>, 'get'>
}

/** Shows at each scrape how the copies of ModelCaches fare in each cluster. Only the leader counts them. */
export function exposeCopies({ registry }: { registry: Registry }, { copies, caches }: CopiesView): void {
  new Gauge({
    name: 'modelcache_hub_copies',
    help: 'Copies of ModelCaches, by cluster and phase. Orphaned: the ModelCache of the hub is gone. The leader reports them.',
    labelNames: ['cluster', 'phase'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const [cluster, { store }] of copies())
        for (const { metadata, state } of store.values()) {
          const isOrphaned = caches.get(metadata.namespace, metadata.name) === undefined
          this.inc({ cluster, phase: isOrphaned ? 'Orphaned' : phaseIn(state.phase) })
        }
    },
  })
}

/** What the metrics show of the replicas of ModelDeployments. */
export interface SharesView {
  /** Those of the hub. */
  deployments: Pick<ReadableStore<KnownDeployment>, 'values'>
  leads: () => boolean
}

/** Shows at each scrape how many replicas each cluster is to have, and how many serve there. */
export function exposeShares({ registry }: { registry: Registry }, { deployments, leads }: SharesView): void {
  new Gauge({
    name: 'modelcache_hub_replicas',
    help: 'Replicas of ModelDeployments with a selector or a placement, by cluster: how many it is to have (wanted), and how many serve there (ready). The leader reports them.',
    labelNames: ['cluster', 'state'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const { status } of leads() ? deployments.values() : [])
        for (const { name: cluster, replicas, readyReplicas } of status?.clusters ?? []) {
          this.inc({ cluster, state: 'wanted' }, replicas)
          this.inc({ cluster, state: 'ready' }, readyReplicas)
        }
    },
  })
}

/** A cluster may say anything, and must not make endless series of it. */
function phaseIn(phase: string): string {
  return PHASES.find(known => known === phase) ?? 'Unknown'
}
