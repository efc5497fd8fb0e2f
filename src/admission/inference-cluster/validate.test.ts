import { describe, expect, test } from 'vitest'
import { anInferenceCluster } from '../../api/fixtures.ts'
import type { InferenceCluster } from '../../api/inference-cluster.ts'
import { aRequest, aView, findingsOf, reasonsOf, textOf } from '../fixtures.ts'
import { validateInferenceCluster } from './validate.ts'

const local = (name: string): InferenceCluster => ({
  ...anInferenceCluster(name),
  spec: { cluster: { source: 'Local' } },
})

const review = (
  object: unknown,
  inferenceClusters: InferenceCluster[],
  operation: 'CREATE' | 'UPDATE' = 'CREATE',
) => validateInferenceCluster(aRequest({ operation, object }), aView({ inferenceClusters }))

describe('an InferenceCluster of source Local', () => {
  test('is the only one, on the basis of all of them', () => {
    const decision = review(local('b'), [local('a')])
    expect(reasonsOf(decision)).toEqual(['LocalClusterTaken'])
    expect(textOf(decision)).toContain('InferenceCluster a stands for this cluster already')
    expect(findingsOf(decision)[0]?.basis).toEqual([{ list: 'InferenceCluster' }])
  })

  test.each<[what: string, object: InferenceCluster, others: InferenceCluster[]]>([
    ['the first one', local('a'), []],
    ['beside those that say nothing', local('a'), [anInferenceCluster('b')]],
    ['a change of itself', local('a'), [local('a')]],
    ['one that says nothing', anInferenceCluster('b'), [local('a')]],
    [
      'one that is being deleted',
      { ...local('b'), metadata: { name: 'b', deletionTimestamp: '2026-01-01T00:00:00Z' } },
      [local('a')],
    ],
  ])('%s is allowed', (_, object, others) => {
    expect(reasonsOf(review(object, others, 'UPDATE'))).toEqual([])
  })

  test.each([
    [{ source: 'Existing' }, 'spec.cluster.existing: ClusterInvalid: source Existing needs existing'],
    [{ source: 'Local', existing: { secretRef: { name: 's' } } }, 'existing belongs to source Existing'],
    [{ source: 'ClusterProfile' }, 'source ClusterProfile needs clusterProfile'],
  ])('of cluster %j is denied', (cluster, words) => {
    const decision = review({ ...anInferenceCluster('a'), spec: { cluster } }, [])
    expect(reasonsOf(decision)).toEqual(['ClusterInvalid'])
    expect(`${textOf(decision)}`).toContain(words.split(': ').at(-1))
  })

  test('that is none is malformed', () => {
    expect(reasonsOf(review({ spec: { cluster: { source: 'Moon' } } }, []))).toEqual(['SpecInvalid'])
  })
})
