import { describe, expect, test } from 'vitest'
import type { ObjectRef } from '../admission/cluster-view.ts'
import { allow, type Decision } from '../admission/decision.ts'
import { warning } from '../admission/finding.ts'
import { aRequest, aView } from '../admission/fixtures.ts'
import type { Rules } from '../admission/rules.ts'
import { decideBy, OFFLINE } from './decide.ts'

const CLUSTERS: ObjectRef = { list: 'InferenceCluster' }
const HERE = {
  apiVersion: 'modelplane.ai/v1alpha1' as const,
  kind: 'InferenceCluster' as const,
  metadata: { name: 'here' },
  spec: {},
}

/** Warns about missing InferenceClusters, and about a ModelCache. */
const rules: Rules = (_, view) =>
  allow({
    warnings: [
      ...([...view.list('InferenceCluster')].length > 0
        ? []
        : [warning('CacheNotFound', 'clusters', 'none', [CLUSTERS])]),
      warning('CacheNotReady', 'cache', 'not Ready', [
        { kind: 'ModelCache', namespace: 'ml', name: 'llama' },
      ]),
      warning('ModelPathMismatch', 'path', 'elsewhere'),
    ],
  })

const fields = (decision: Decision) =>
  decision.allowed ? decision.warnings.map(({ violation }) => violation.field) : []

describe('a warning about what only a cluster knows', () => {
  test('is left out without one; every other is given', async () => {
    expect(fields(await decideBy(aView(), OFFLINE)(rules, aRequest()))).toEqual(['cache', 'path'])
  })

  test.each([
    ['given when nothing is found', [], ['clusters', 'cache', 'path']],
    ['not given when something is', [HERE], ['cache', 'path']],
  ])('is, by what is read, %s', async (_, inferenceClusters, expected) => {
    const asked: (readonly ObjectRef[])[] = []
    const decide = decideBy(aView(), async (view, refs) => {
      asked.push(refs)
      return { ...view, ...aView({ inferenceClusters }) }
    })
    expect(fields(await decide(rules, aRequest()))).toEqual(expected)
    expect(asked).toEqual([[CLUSTERS]])
  })

  test('costs no read where the input has the object', async () => {
    const decide = decideBy(aView({ inferenceClusters: [HERE] }), () => Promise.reject(new Error('was read')))
    expect(fields(await decide(rules, aRequest()))).toEqual(['cache', 'path'])
  })
})
