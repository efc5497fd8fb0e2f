import { expect, test } from 'vitest'
import { condensed, condensedFiles } from './condensed.ts'
import { aModelCache } from './fixtures.ts'
import { sourceIdentity } from './source-identity.ts'

const inline = (files: Record<string, string>) =>
  aModelCache({ spec: { artifact: { source: { inline: { files } } } } })

test('a cache is kept without the contents of its files, and is the same source', () => {
  const cache = inline(JSON.parse(`{"a":"${'secret'.repeat(1_000)}","__proto__":"b"}`))
  const kept = condensed(cache)
  expect(JSON.stringify(kept)).not.toContain('secret')
  expect(Object.keys(kept.spec.artifact.source?.inline?.files ?? {})).toEqual(['a', '__proto__'])
  expect(sourceIdentity(kept.spec)).toBe(sourceIdentity(cache.spec))
  expect(condensed(kept)).toEqual(kept)
})

test('other contents are another source', () => {
  expect(sourceIdentity(condensed(inline({ a: 'x' })).spec)).not.toBe(sourceIdentity(inline({ a: 'y' }).spec))
  expect(condensedFiles({ a: 'x' })).not.toEqual(condensedFiles({ a: 'y' }))
})

test('a cache without files is kept as it is', () => {
  const cache = aModelCache()
  expect(condensed(cache)).toBe(cache)
})
