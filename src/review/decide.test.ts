import { describe, expect, test } from 'vitest'
import type { ObjectRef } from '../admission/clusterview.ts'
import { allow, type Decision } from '../admission/decision.ts'
import { aRequest, aView } from '../admission/fixtures.ts'
import type { Rules } from '../admission/rules.ts'
import { warning } from '../admission/warning.ts'
import { decideBy, OFFLINE } from './decide.ts'

const SECRET: ObjectRef = { kind: 'Secret', namespace: 'ml', name: 'token' }

/** Warns that a Secret, a ModelCache and the registered clusters are missing, as far as they are. */
const rules: Rules = (_, view) =>
  allow({
    warnings: [
      ...(view.secret('ml', 'token') ? [] : [warning('CacheNotFound', 'secret', 'no Secret', [SECRET])]),
      ...([...view.inferenceClusters()].length > 0
        ? []
        : [warning('CacheNotFound', 'clusters', 'none', [{ kind: 'InferenceClusterList' }])]),
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

  test('is given, or not, by what is read', async () => {
    const asked: (readonly ObjectRef[])[] = []
    const decide = decideBy(aView(), async (view, refs) => {
      asked.push(refs)
      return { ...view, secret: () => ({ metadata: { name: 'token' }, keys: [] }) }
    })
    expect(fields(await decide(rules, aRequest()))).toEqual(['clusters', 'cache', 'path'])
    expect(asked).toEqual([[SECRET, { kind: 'InferenceClusterList' }]])
  })

  test('costs no read where the input has the object', async () => {
    const secrets = [{ metadata: { name: 'token', namespace: 'ml' }, keys: [] }]
    const inferenceClusters = [
      {
        apiVersion: 'modelplane.ai/v1alpha1' as const,
        kind: 'InferenceCluster' as const,
        metadata: { name: 'here' },
        spec: {},
      },
    ]
    const decide = decideBy(aView({ secrets, inferenceClusters }), () =>
      Promise.reject(new Error('was read')),
    )
    expect(fields(await decide(rules, aRequest()))).toEqual(['cache', 'path'])
  })
})
