import { describe, expect, test } from 'vitest'
import { aModelCache } from '../../api/fixtures.ts'
import { SOURCE_NAMES } from '../../api/sources.ts'
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

  test('but none with backend ExistingPVC', () => {
    const cache = onClaim({ name: 'ops-staged' })
    cache.spec.artifact.source = { huggingFace: HF }
    const found = violationOf(create(cache))
    expect(found).toMatchObject({ reason: 'ArtifactSourceAmbiguous', field: FIELD })
    expect(found.text).toContain('remove the source')
  })
})
