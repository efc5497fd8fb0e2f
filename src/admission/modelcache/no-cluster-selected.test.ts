import { expect, test } from 'vitest'
import { aModelCache, anInferenceCluster, NAMESPACE } from '../../api/fixtures.ts'
import { aPolicy, aView } from '../fixtures.ts'
import { noInferenceCluster } from './no-inference-cluster.ts'

const selecting = (tier: string) =>
  aModelCache({ spec: { clusterSelector: { matchLabels: { 'modelplane.ai/tier': tier } } } })
const EMPTY = aView()

function warnings(cache: ReturnType<typeof selecting>, old?: ReturnType<typeof selecting>, view = EMPTY) {
  return noInferenceCluster({ namespace: NAMESPACE, cache, old }, view, aPolicy())
}

test.each([
  ['created', undefined],
  ['set later', aModelCache()],
  ['changed', selecting('dev')],
])('a selector that is %s where no cluster is registered is told, on the basis of the list', (_, old) => {
  const found = warnings(selecting('prod'), old)
  expect(found).toMatchObject([
    {
      violation: { reason: 'NoInferenceCluster', field: 'spec.clusterSelector' },
      basis: [{ list: 'InferenceCluster' }],
    },
  ])
  expect(found[0]?.violation.text).toContain('only this cluster stages the cache')
})

test('a selector of everything is one', () => {
  expect(warnings(aModelCache({ spec: { clusterSelector: {} } }))).toHaveLength(1)
})

test('nothing is told where a cluster is registered, whether it is selected or not', () => {
  expect(
    warnings(selecting('prod'), undefined, aView({ inferenceClusters: [anInferenceCluster('a')] })),
  ).toEqual([])
})

test.each([
  ['is absent', aModelCache(), undefined],
  ['is taken away', aModelCache(), selecting('prod')],
  ['stays', selecting('prod'), selecting('prod')],
])('nothing is told when the selector %s', (_, cache, old) => {
  expect(warnings(cache, old)).toEqual([])
})
