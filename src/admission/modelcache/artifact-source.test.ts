import { describe, expect, test } from 'vitest'
import { aModelCache } from '../../api/fixtures.ts'
import { SOURCE_NAMES } from '../../api/sources.ts'
import { findingsOf } from '../fixtures.ts'
import { create, HF, INLINE, onClaim, spec, violationOf } from './fixtures.ts'

describe('exactly one source is set', () => {
  const FIELD = 'spec.artifact.source'

  test.each([
    ['no source', {}],
    ['an empty source', { source: {} }],
  ])('with %s it is ArtifactSourceRequired, and the text lists them', (_, artifact) => {
    const found = violationOf(create({ ...aModelCache(), spec: { ...aModelCache().spec, artifact } }))
    expect(found).toMatchObject({ reason: 'ArtifactSourceRequired', field: FIELD })
    expect(found.text).toContain(`exactly one of ${SOURCE_NAMES.join(', ')}`)
  })

  test('with two it is ArtifactSourceAmbiguous, and the text names both', () => {
    const found = violationOf(
      create(spec({ artifact: { kind: 'Weights', source: { huggingFace: HF, inline: INLINE } } })),
    )
    expect(found).toMatchObject({ reason: 'ArtifactSourceAmbiguous', field: FIELD })
    expect(found.text).toContain('huggingFace and inline')
    expect(found.text).toContain('keep one')
  })

  test('or none with backend ExistingPVC, and one only if it has a folder of its own there', () => {
    const staged = (subPath?: string) => {
      const cache = onClaim({ name: 'ops-staged', subPath })
      cache.spec.artifact.source = { huggingFace: HF }
      return create(cache)
    }
    const found = violationOf(staged())
    expect(found).toMatchObject({
      reason: 'StorageMemberMismatch',
      field: 'spec.storage.existingPVC.subPath',
    })
    expect(found.text).toContain('or remove the source if the claim is already filled')
    expect(findingsOf(staged('models/llama'))).toEqual([])
    for (const folder of ['snapshots/x', 'llama/.modelcache'])
      expect(violationOf(staged(folder)).text).toContain('a folder of staged caches')
  })
})
