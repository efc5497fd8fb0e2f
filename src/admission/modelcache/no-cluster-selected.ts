import { isDeepStrictEqual } from 'node:util'
import { condensedSelector } from '../../api/condensed.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { warning } from '../finding.ts'
import type { Rule } from './change.ts'

type Selector = ModelCache['spec']['clusterSelector']

const FIELD = 'spec.clusterSelector'

/** A selector needs clusters to select from. Runs on CREATE and when the selector changes. */
export const noInferenceCluster: Rule = ({ cache: { spec }, old }, view) => {
  if (spec.clusterSelector === undefined) return []
  if (old !== undefined && isSame(old.spec.clusterSelector, spec.clusterSelector)) return []
  const [registered] = view.list('InferenceCluster')
  if (registered !== undefined) return []
  const text = `only this cluster stages the cache, because no InferenceCluster is registered for ${FIELD} to select`
  return [warning('NoInferenceCluster', FIELD, text, [{ list: 'InferenceCluster' }])]
}

/** `review` compares with the condensed form of a stored cache. */
function isSame(one: Selector, other: Selector): boolean {
  return isDeepStrictEqual(one && condensedSelector(one), other && condensedSelector(other))
}
