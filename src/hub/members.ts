import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { ReconcilerObserver } from '../kube/reconciler.ts'
import { type HubSide, type Member, startMember } from './member.ts'

/** The clusters that the hub is connected to, by the names of their InferenceClusters. */
export interface Members {
  get(name: string): Member | undefined
  entries(): Iterable<[name: string, member: Member]>
  /** The registered cluster has been reached by this connection. */
  reached(cluster: InferenceCluster, clusterID: string, config: KubeConfig): void
  /** Another cluster answers in its place, or its InferenceCluster is gone. */
  leave(name: string): void
}

export interface MembersOptions {
  readonly hub: HubSide
  readonly observer: ReconcilerObserver
  readonly logger: Logger
  readonly signal: AbortSignal
}

/**
 * Keeps a member for each cluster that was reached, with its latest credentials. One that does not answer for
 * a while stays: its watch goes on by itself.
 */
export function createMembers(options: MembersOptions): Members {
  const kept = new Map<string, { member: Member; clusterID: string; config: KubeConfig }>()
  const leave = (name: string): void => {
    kept.get(name)?.member.stop()
    kept.delete(name)
  }
  return {
    get: name => kept.get(name)?.member,
    *entries() {
      for (const [name, { member }] of kept) yield [name, member]
    },
    reached({ metadata: { name } }, clusterID, config) {
      const present = kept.get(name)
      if (present?.config === config && present.clusterID === clusterID) return
      leave(name)
      kept.set(name, { member: startMember({ ...options, name, clusterID, config }), clusterID, config })
    },
    leave,
  }
}
