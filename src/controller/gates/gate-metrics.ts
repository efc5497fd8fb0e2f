import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { ConsumerPod } from '../../api/kubernetes/consumer-pod.ts'
import type { ReadableStore } from '../../kube/store.ts'

/** Caches that are nearly Ready take seconds, and models of terabytes take a day. */
const SECONDS = [5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400]

export interface GateMetricsOptions {
  /** Where the pods are. */
  readonly pods: Pick<ReadableStore<ConsumerPod>, 'values'>
  /** Whether this replica leads. Only one replica counts pods, so that sums are right. */
  readonly leads: () => boolean
}

/** Shows which pods wait at their gate at each scrape, and counts those that no longer do. */
export function createGateMetrics({ registry }: { registry: Registry }, { pods, leads }: GateMetricsOptions) {
  const registers = [registry]
  new Gauge({
    name: 'modelcache_gated_pods',
    help: 'Pods that wait at their scheduling gate until their caches are Ready. The leader reports them.',
    labelNames: ['namespace'] as const,
    registers,
    collect() {
      this.reset()
      if (!leads()) return
      for (const { gated, metadata } of pods.values())
        if (gated) this.inc({ namespace: metadata.namespace ?? '' })
    },
  })
  const lifted = new Counter({
    name: 'modelcache_gates_lifted_total',
    help: 'Scheduling gates that were removed because the caches of the pod are Ready.',
    registers,
  })
  const waited = new Histogram({
    name: 'modelcache_gate_wait_seconds',
    help: 'From the creation of a pod to the removal of its scheduling gate.',
    buckets: SECONDS,
    registers,
  })
  return {
    /** The gate of a pod that was created then, as RFC 3339, has been removed. */
    observeLift(createdAt: string | undefined, now: number): void {
      lifted.inc()
      const seconds = (now - Date.parse(createdAt ?? '')) / 1000
      if (Number.isFinite(seconds)) waited.observe(Math.max(0, seconds))
    },
  }
}

export type GateMetrics = ReturnType<typeof createGateMetrics>
