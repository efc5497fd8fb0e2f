import { describe, expect, test } from 'vitest'
import type { ModelCache } from '../../api/modelcache.ts'
import { create, HF, pvc, spec, violationOf } from './fixtures.ts'

const HUB = { kind: 'Weights', source: { huggingFace: HF } } as const

describe('what is not implemented is denied by name', () => {
  test.each<[string, string, Partial<ModelCache['spec']>]>([
    ['spec.artifact.kind', 'Adapter', { artifact: { kind: 'Adapter', source: { huggingFace: HF } } }],
    ['spec.artifact.kind', 'Engine', { artifact: { kind: 'Engine', source: { huggingFace: HF } } }],
    ['spec.storage.backend', 'Custom', { storage: { backend: 'Custom' } }],
    ['spec.storage.backend', 'ContentAddressed', { storage: { backend: 'ContentAddressed' } }],
    ['spec.replication', 'AllMatchingNodes', { replication: 'AllMatchingNodes' }],
    ['spec.artifact.adapterType', 'Bytes', { artifact: { ...HUB, adapterType: true } }],
    ['spec.artifact.baseRef', 'annotation', { artifact: { ...HUB, baseRef: true } }],
    ['spec.artifact.engine', 'pods', { artifact: { ...HUB, engine: true } }],
    ['spec.artifact.resolvedVia', 'resolvedRevision', { artifact: { ...HUB, resolvedVia: true } }],
    [
      'spec.storage.contentAddressed',
      'PVC',
      { storage: { ...pvc('shared').spec.storage, contentAddressed: true } },
    ],
    ['spec.clusterSelector.cel', 'matchLabels', { clusterSelector: { cel: true } }],
    [
      'spec.artifact.source.pvc-clone',
      'pvcClone',
      { artifact: { kind: 'Weights', source: { 'pvc-clone': true } } },
    ],
  ])('%s %s', (field, name, given) => {
    const found = violationOf(create(spec(given)))
    expect(found).toMatchObject({ reason: 'NotImplemented', field })
    expect(found.text).toContain(name)
    expect(found.text).toMatch(/not implemented; (use|remove) /)
  })
})
