import type { AdmissionRequest } from '../admission/admission-review.ts'
import type { ClusterView, ObjectRef } from '../admission/cluster-view.ts'
import { basisOf, type Decision } from '../admission/decision.ts'
import type { Rules } from '../admission/rules.ts'

/** Runs rules on a request, against the cluster of the review. */
export type Decide = (rules: Rules, request: AdmissionRequest) => Promise<Decision>

/** A view that also answers for `refs`, read from the cluster; undefined if they cannot be read. */
export type ReadUnknown = (view: ClusterView, refs: readonly ObjectRef[]) => Promise<ClusterView | undefined>

/** Without a cluster, an object that is not in the input may still exist, so it does not count as missing. */
export const OFFLINE: ReadUnknown = async () => undefined

/**
 * Decides as the webhook does. If a decision rests on something that the view does not know (whether any
 * InferenceCluster is registered), it is read first. If it cannot be read, warnings about it are left out.
 */
export function decideBy(view: ClusterView, readUnknown: ReadUnknown): Decide {
  const isUnknown = (ref: ObjectRef) =>
    'list' in ref && ref.list === 'InferenceCluster' && [...view.list('InferenceCluster')].length === 0
  return async (rules, request) => {
    const decision = rules(request, view)
    const unknown = basisOf(decision).filter(isUnknown)
    if (unknown.length === 0) return decision
    const known = await readUnknown(view, unknown)
    if (known !== undefined) return rules(request, known)
    if (!decision.allowed) return decision
    return { ...decision, warnings: decision.warnings.filter(({ basis }) => !basis.some(isUnknown)) }
  }
}
