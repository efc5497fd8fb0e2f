import { isSameSelector } from '../api/condensed.ts'
import { clustersOf } from '../api/placement.ts'
import type { ClusterView } from './cluster-view.ts'
import { type Finding, warning } from './finding.ts'
import type { SelectorChange } from './selector-change.ts'

const FIELD = 'spec.clusterSelector'

/**
 * A selector selects at least one cluster. Runs on CREATE and when the selector changes. `act` is what
 * selected clusters do, such as `stages the cache`.
 */
export function noClusterSelected(
  { selector, old }: SelectorChange,
  view: ClusterView,
  act: string,
): Finding[] {
  if (selector === undefined || isSameSelector(old, selector)) return []
  const clusters = [...view.list('InferenceCluster')]
  const basis = [{ list: 'InferenceCluster' }] as const
  if (clusters.length === 0) {
    const text = `only this cluster ${act}, because no InferenceCluster is registered for ${FIELD} to select`
    return [warning('NoInferenceCluster', FIELD, text, basis)]
  }
  if (clustersOf({ spec: { clusterSelector: selector } }, clusters).length > 0) return []
  const text = `no cluster ${act}, because ${FIELD} selects no InferenceCluster; see: kubectl get inferenceclusters --show-labels`
  return [warning('NoClusterSelected', FIELD, text, basis)]
}
