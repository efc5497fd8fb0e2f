import { describe, expect, test } from 'vitest'
import { reasonsOf } from '../admission/fixtures.ts'
import { create, SOUND_SOURCES, spec } from '../admission/modelcache/fixtures.ts'
import { artifactSource } from './artifact-source.ts'
import { SOURCE_NAMES, SOURCES, STAGED_NAMES } from './sources.ts'

const SOUND: Record<string, unknown> = { ...SOUND_SOURCES, gcs: {}, azure: {}, pvcClone: {} }

test('the table has each source that the schema has, in its order', () => {
  expect(SOURCE_NAMES).toEqual(Object.keys(artifactSource.shape))
})

describe('a source is staged, or rejected by name:', () => {
  test.each(SOURCE_NAMES)('%s', name => {
    const source = SOUND[name]
    expect(source).toBeDefined()
    const decision = create(spec({ artifact: { kind: 'Weights', source: { [name]: source } } }))
    const { isStaged } = SOURCES[name]
    expect(reasonsOf(decision).includes('NotImplemented')).toBe(!isStaged)
    expect(STAGED_NAMES.some(staged => staged === name)).toBe(isStaged)
    if (isStaged) expect(decision.allowed).toBe(true)
    else expect(JSON.stringify(decision)).toContain('use huggingFace, s3, http, inline, configMap')
  })
})
