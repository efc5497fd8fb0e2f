import type { ClusterStatusReason } from '../api/inference-cluster-reasons.ts'

/** Why caches cannot be staged in a cluster: what its condition Ready says. */
export class ClusterProblem extends Error {
  override readonly name = 'ClusterProblem'
  readonly reason: ClusterStatusReason

  constructor(reason: ClusterStatusReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
