import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { InferenceCluster } from '../api/inference-cluster.ts'
import type { ReconcilerObserver } from '../kube/reconciler.ts'
import type { CacheCopy } from './caches/copy.ts'
import type { Copies } from './copies/copies.ts'
import type { DeploymentCopy } from './deployments/copy.ts'
import { type HubSide, type Member, startMember } from './member.ts'

/** The copies of one kind in each cluster that the hub is connected to. */
export interface Connected<C> {
  get(cluster: string): Copies<C> | undefined
  entries(): Iterable<[cluster: string, copies: Copies<C>]>
}

/** The clusters that the hub is connected to, by the names of their InferenceClusters. */
export interface Members {
  readonly caches: Connected<CacheCopy>
  readonly deployments: Connected<DeploymentCopy>
  /** How many copies are in a cluster; undefined if nobody knows. */
  copiesIn(name: string): number | undefined
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
  const connected = <C>(of: (member: Member) => Copies<C>): Connected<C> => ({
    get(name) {
      const member = kept.get(name)?.member
      return member && of(member)
    },
    *entries() {
      for (const [name, { member }] of kept) yield [name, of(member)]
    },
  })
  return {
    caches: connected(member => member.caches),
    deployments: connected(member => member.deployments),
    copiesIn(name) {
      const member = kept.get(name)?.member
      if (!member?.caches.isKnown() || !member.deployments.isKnown()) return undefined
      return [...member.caches.store.values(), ...member.deployments.store.values()].length
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
