import { isDeepStrictEqual } from 'node:util'
import { warning } from '../finding.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.clusterSelector'

/** A selector has clusters to select from. Runs on CREATE and when the selector changed. */
export const noInferenceCluster: Rule = ({ cache: { spec }, old }, view) => {
  if (spec.clusterSelector === undefined) return []
  if (old !== undefined && isDeepStrictEqual(old.spec.clusterSelector, spec.clusterSelector)) return []
  const [registered] = view.list('InferenceCluster')
  if (registered !== undefined) return []
  const text = `this cluster alone stages the cache, because no InferenceCluster is registered that ${FIELD} could select`
  return [warning('NoInferenceCluster', FIELD, text, [{ list: 'InferenceCluster' }])]
}
