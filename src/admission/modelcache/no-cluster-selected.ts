import { isSameSelector } from '../../api/condensed.ts'
import { clustersOf } from '../../api/placement.ts'
import { warning } from '../finding.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.clusterSelector'

/** A selector selects at least one cluster. Runs on CREATE and when the selector changes. */
export const noClusterSelected: Rule = ({ cache, old }, view) => {
  const { clusterSelector } = cache.spec
  if (clusterSelector === undefined) return []
  if (old !== undefined && isSameSelector(old.spec.clusterSelector, clusterSelector)) return []
  const clusters = [...view.list('InferenceCluster')]
  const basis = [{ list: 'InferenceCluster' }] as const
  if (clusters.length === 0) {
    const text = `only this cluster stages the cache, because no InferenceCluster is registered for ${FIELD} to select`
    return [warning('NoInferenceCluster', FIELD, text, basis)]
  }
  if (clustersOf(cache, clusters).length > 0) return []
  const text = `no cluster stages the cache, because ${FIELD} selects no InferenceCluster; see: kubectl get inferenceclusters --show-labels`
  return [warning('NoClusterSelected', FIELD, text, basis)]
}
