import { type InferenceCluster, isLocal } from '../api/inference-cluster.ts'
import { COPIES_FINALIZER, RETIRE } from '../api/names.ts'
import { finalizerChange } from './finalizer-change.ts'

/**
 * Whether the finalizer that keeps a deleted InferenceCluster for the copies in its cluster is to be there;
 * undefined if it is as it should be. Without annotation `modelplane.ai/retire: "true"` there is none, and
 * the copies stay. `copies` is how many are left; undefined if nobody knows.
 */
export function retirementOf(cluster: InferenceCluster, copies: number | undefined): boolean | undefined {
  const { annotations, deletionTimestamp, finalizers } = cluster.metadata
  const isDeleted = deletionTimestamp !== undefined
  const isAsked = annotations?.[RETIRE] === 'true' && !isLocal(cluster)
  const isNeeded = isAsked && !(isDeleted && copies === 0)
  const isPresent = finalizers?.includes(COPIES_FINALIZER) === true
  return finalizerChange({ isNeeded, isPresent, isDeleted })
}
