import { expect, test } from 'vitest'
import { aModelCache } from './fixtures.ts'
import type { ModelCacheSpec } from './modelcache.ts'
import { sourceIdentity } from './source-identity.ts'

type Source = NonNullable<ModelCacheSpec['artifact']['source']>

const of = (source: Source) => sourceIdentity(aModelCache({ spec: { artifact: { source } } }).spec)
const repo = { repo: 'a/b', revision: 'v1' }

test.each<[string, Source, Source]>([
  [
    'other credentials',
    { huggingFace: { ...repo, secretRef: { name: 'one', key: 'token' } } },
    { huggingFace: repo },
  ],
  [
    'files in another order',
    { inline: { files: { a: '1', b: '2' } } },
    { inline: { files: { b: '2', a: '1' } } },
  ],
])('is the same for %s', (_, one, other) => {
  expect(of(one)).toBe(of(other))
})

test.each<[string, Source, Source]>([
  ['another revision', { huggingFace: repo }, { huggingFace: { ...repo, revision: 'v2' } }],
  [
    'patterns in another order',
    { huggingFace: { ...repo, include: ['a', 'b'] } },
    { huggingFace: { ...repo, include: ['b', 'a'] } },
  ],
  ['another kind', { configMap: { name: 'a' } }, { inline: { files: { name: 'a' } } }],
  [
    'a file named like credentials',
    { inline: { files: { a: '1', secretRef: 'x' } } },
    { inline: { files: { a: '1' } } },
  ],
])('differs for %s', (_, one, other) => {
  expect(of(one)).not.toBe(of(other))
})

test('without a source there is none', () => {
  expect(sourceIdentity(aModelCache({ spec: { artifact: {} } }).spec)).toBeUndefined()
})
