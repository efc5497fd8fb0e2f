import { expect, test } from 'vitest'
import { anInferenceCluster } from '../api/fixtures.ts'
import type { LabelSelector } from '../api/label-selector.ts'
import { aView } from './fixtures.ts'
import { noClusterSelected } from './no-cluster-selected.ts'

const selecting = (tier: string) => ({ matchLabels: { 'modelplane.ai/tier': tier } })
const EMPTY = aView()

function warnings(selector: LabelSelector | undefined, old?: LabelSelector, view = EMPTY) {
  return noClusterSelected({ selector, old }, view, 'stages the cache')
}

test.each([
  ['created', undefined],
  ['set later', undefined],
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
  expect(warnings({})).toHaveLength(1)
})

test('where clusters are registered, it is told whether one is selected', () => {
  const labelled = (labels: Record<string, string>) => {
    const { metadata, ...rest } = anInferenceCluster('a')
    return aView({ inferenceClusters: [{ ...rest, metadata: { ...metadata, labels } }] })
  }
  const told = (labels: Record<string, string>) =>
    warnings(selecting('prod'), undefined, labelled(labels)).map(({ violation }) => violation.reason)
  expect(told({ 'modelplane.ai/tier': 'prod' })).toEqual([])
  expect(told({ 'modelplane.ai/tier': 'dev' })).toEqual(['NoClusterSelected'])
})

test.each([
  ['is absent', undefined, undefined],
  ['is taken away', undefined, selecting('prod')],
  ['stays', selecting('prod'), selecting('prod')],
])('nothing is told when the selector %s', (_, selector, old) => {
  expect(warnings(selector, old)).toEqual([])
})
