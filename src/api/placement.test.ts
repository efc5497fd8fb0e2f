import { expect, test } from 'vitest'
import { aModelCache, anInferenceCluster } from './fixtures.ts'
import { type LabelSelector, selects } from './label-selector.ts'
import { clustersOf, isMeantHere } from './placement.ts'

const labels = { tier: 'prod', region: 'eu' }

test.each<[string, LabelSelector, boolean]>([
  ['nothing', {}, true],
  ['a label', { matchLabels: { tier: 'prod' } }, true],
  ['another value', { matchLabels: { tier: 'dev' } }, false],
  ['a label that is absent', { matchLabels: { gpu: 'h100' } }, false],
  ['a name of every object', { matchLabels: { toString: 'x' } }, false],
  ['one of several', { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'prod'] }] }, true],
  ['none of several', { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['prod'] }] }, false],
  [
    'none, of a label that is absent',
    { matchExpressions: [{ key: 'x', operator: 'NotIn', values: ['a'] }] },
    true,
  ],
  ['presence', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
  ['absence', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
  [
    'both at once',
    { matchLabels: { tier: 'prod' }, matchExpressions: [{ key: 'region', operator: 'In', values: ['us'] }] },
    false,
  ],
])('a selector that asks for %s', (_, selector, expected) => {
  expect(selects(selector, labels)).toBe(expected)
})

const cluster = (name: string, given: Record<string, string>) => {
  const { metadata, ...rest } = anInferenceCluster(name)
  return { ...rest, metadata: { ...metadata, labels: given } }
}
const selecting = (clusterSelector?: LabelSelector) => aModelCache({ spec: { clusterSelector } })
const eu = cluster('eu', { region: 'eu' })
const asia = cluster('asia', { region: 'asia' })
const us = cluster('us', { region: 'us' })
const notInUs: LabelSelector = { matchExpressions: [{ key: 'region', operator: 'NotIn', values: ['us'] }] }

test('a cache goes to the clusters that it selects, in the order of their names', () => {
  expect(clustersOf(selecting(notInUs), [eu, us, asia])).toEqual([asia, eu])
  expect(clustersOf(selecting(), [eu, us])).toEqual([])
})

test.each([
  ['without a selector', undefined, [eu], us, true],
  ['without any cluster', notInUs, [], undefined, true],
  ['if its own cluster is selected', notInUs, [eu, us], eu, true],
  ['not if it is left out', notInUs, [eu, us], us, false],
  ['not if it is not registered', notInUs, [eu, us], undefined, false],
])('a cache is staged where it is %s', (_, selector, clusters, here, expected) => {
  expect(isMeantHere(selecting(selector), clusters, here)).toBe(expected)
})
