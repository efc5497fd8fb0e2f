import { expect, test } from 'vitest'
import { condensed, condensedSource, jobInputs } from './condensed.ts'
import { aModelCache } from './fixtures.ts'
import { sourceIdentity } from './source-identity.ts'
import { sourceLine } from './source-line.ts'

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
  const files = (content: string) => condensedSource({ inline: { files: { a: content } } })
  expect(files('x')).not.toEqual(files('y'))
})

test('of how its Job runs only a digest is kept, another one for another way', () => {
  const cacheWith = (hydration: object) => aModelCache({ spec: { hydration } })
  const cache = cacheWith({ nodeSelector: { disk: 'fast' } })
  const kept = condensed(cache)
  expect(kept.spec.hydration).toBeUndefined()
  expect(jobInputs(kept)).toBe(jobInputs(cache))
  expect(jobInputs(cacheWith({ nodeSelector: { disk: 'slow' } }))).not.toBe(jobInputs(cache))
})

test('long lists of patterns and long selectors are kept as digests, short ones as they are', () => {
  const cacheWith = (count: number) => {
    const texts = Array.from({ length: count }, (_, index) => `part-${index}`.padEnd(60, 'x'))
    const huggingFace = { repo: 'a/b', include: texts }
    const clusterSelector = { matchExpressions: [{ key: 'tier', operator: 'In', values: texts }] }
    return aModelCache({ spec: { artifact: { source: { huggingFace } }, clusterSelector } })
  }
  const [short, long] = [cacheWith(2), cacheWith(32)]
  expect(condensed(short).spec.clusterSelector).toEqual(short.spec.clusterSelector)
  expect(condensed(short).spec.artifact).toEqual(short.spec.artifact)
  expect(JSON.stringify(condensed(long))).not.toContain('part-')
  expect(sourceIdentity(condensed(long).spec)).toBe(sourceIdentity(long.spec))
  expect(sourceIdentity(condensed(cacheWith(31)).spec)).not.toBe(sourceIdentity(long.spec))
})

test('of a long list of URLs the first one and a digest are kept, and a short list stays as it is', () => {
  const cacheWith = (count: number) => {
    const urls = Array.from({ length: count }, (_, index) => ({
      url: `https://e.com/part-${index}`.padEnd(100, 'x'),
    }))
    return aModelCache({ spec: { artifact: { source: { http: { urls } } } } })
  }
  const [short, long] = [cacheWith(2), cacheWith(32)]
  expect(condensed(short).spec.artifact).toEqual(short.spec.artifact)
  const kept = condensed(long)
  expect(JSON.stringify(kept)).not.toContain('part-1')
  expect(condensed(kept)).toEqual(kept)
  expect(sourceLine(kept.spec)).toBe(sourceLine(long.spec))
  expect(sourceIdentity(kept.spec)).toBe(sourceIdentity(long.spec))
  expect(sourceIdentity(condensed(cacheWith(31)).spec)).not.toBe(sourceIdentity(long.spec))
})
