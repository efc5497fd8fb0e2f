import { describe, expect, test } from 'vitest'
import { aModelCache } from '../../api/fixtures.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { create, spec, violationOf } from './fixtures.ts'

describe('the member of storage is that of the backend', () => {
  test.each<[string, string, ModelCache['spec']['storage']]>([
    ['spec.storage.existingPVC', 'missing', { backend: 'ExistingPVC' }],
    [
      'spec.storage.existingPVC',
      'with PVC',
      {
        backend: 'PVC',
        pvc: { storageClassName: 'shared' },
        existingPVC: { name: 'ops-staged' },
      },
    ],
    [
      'spec.storage.pvc',
      'with ExistingPVC',
      { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged' }, pvc: {} },
    ],
  ])('or it is StorageMemberMismatch: %s %s', (field, _, storage) => {
    const artifact = storage.backend === 'PVC' ? aModelCache().spec.artifact : { kind: 'Weights' as const }
    const found = violationOf(create(spec({ artifact, storage })))
    expect(found).toMatchObject({ reason: 'StorageMemberMismatch', field })
    expect(found.text).toContain(storage.backend)
    expect(found.text).toMatch(/remove it|set its name/)
  })
})
