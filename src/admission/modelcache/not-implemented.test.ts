import { describe, expect, test } from 'vitest'
import type { ModelCache } from '../../api/modelcache.ts'
import { create, HF, spec, violationOf } from './fixtures.ts'

describe('what is not implemented is denied by name', () => {
  test.each<[string, string, Partial<ModelCache['spec']>]>([
    ['spec.artifact.kind', 'Adapter', { artifact: { kind: 'Adapter', source: { huggingFace: HF } } }],
    ['spec.artifact.kind', 'Engine', { artifact: { kind: 'Engine', source: { huggingFace: HF } } }],
    ['spec.storage.backend', 'Custom', { storage: { backend: 'Custom' } }],
    ['spec.storage.backend', 'ContentAddressed', { storage: { backend: 'ContentAddressed' } }],
    ['spec.replication', 'AllMatchingNodes', { replication: 'AllMatchingNodes' }],
    [
      'spec.artifact.resolvedVia',
      'resolvedVia',
      { artifact: { kind: 'Weights', source: { huggingFace: HF }, resolvedVia: 'x' } },
    ],
  ])('%s %s', (field, name, given) => {
    const found = violationOf(create(spec(given)))
    expect(found).toMatchObject({ reason: 'NotImplemented', field })
    expect(found.text).toContain(name)
    expect(found.text).toMatch(/not implemented; (use|remove) /)
  })
})
