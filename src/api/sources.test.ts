import { expect, test } from 'vitest'
import { create, SOUND_SOURCES, spec } from '../admission/modelcache/fixtures.ts'
import { artifactSource } from './artifact-source.ts'
import { SOURCE_NAMES } from './sources.ts'

test('the table has each source that the schema has, in its order', () => {
  expect([...SOURCE_NAMES, 'pvc-clone']).toEqual(Object.keys(artifactSource.shape))
})

test.each(SOURCE_NAMES)('source %s is accepted', name => {
  const source = SOUND_SOURCES[name]
  expect(source).toBeDefined()
  expect(create(spec({ artifact: { kind: 'Weights', source: { [name]: source } } })).allowed).toBe(true)
})
