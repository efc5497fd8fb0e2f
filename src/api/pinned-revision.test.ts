import { expect, test } from 'vitest'
import { aModelCache } from './fixtures.ts'
import { REVISION } from './names.ts'
import { canMove, pinned, pinOf } from './pinned-revision.ts'
import type { Source } from './sources.ts'

const COMMIT = 'a09a3545'.repeat(5)
const DIGEST = `sha256:${'5a'.repeat(32)}`
const branch: Source = { huggingFace: { repo: 'a/b', revision: 'main' } }
const tag: Source = { oci: { reference: 'registry.example.com:5000/models/llama:70b' } }
const url: Source = { http: { url: 'https://models.example.com/a.tar' } }

const cache = (source: Source, pin?: string) =>
  aModelCache({ spec: { artifact: { source } }, metadata: pin ? { annotations: { [REVISION]: pin } } : {} })

test.each<[string, Source, boolean]>([
  ['a branch', branch, true],
  ['a commit', { huggingFace: { repo: 'a/b', revision: COMMIT } }, false],
  ['a tag', tag, true],
  ['no tag', { oci: { reference: 'registry.example.com/models/llama' } }, true],
  ['a digest', { oci: { reference: `registry.example.com/models/llama@${DIGEST}` } }, false],
  ['a URL', url, false],
])('a source with %s can move: %#', (_, source, expected) => {
  expect(canMove(cache(source))).toBe(expected)
})

test.each<[string, Source, string, string | undefined]>([
  ['a commit for a branch', branch, COMMIT, COMMIT],
  ['a digest for a branch', branch, DIGEST, undefined],
  ['a branch for a branch', branch, 'dev', undefined],
  ['a digest for a tag', tag, DIGEST, DIGEST],
  ['a commit for a tag', tag, COMMIT, undefined],
  ['anything for a URL', url, COMMIT, undefined],
  ['a commit for a commit', { huggingFace: { repo: 'a/b', revision: '0'.repeat(40) } }, COMMIT, undefined],
])('the annotation may have %s or not', (_, source, pin, expected) => {
  expect(pinOf(cache(source, pin))).toBe(expected)
  expect(pinOf(cache(source))).toBeUndefined()
})

test('the source is taken at that revision', () => {
  expect(pinned(branch, COMMIT)).toEqual({ huggingFace: { repo: 'a/b', revision: COMMIT } })
  expect(pinned(tag, DIGEST)).toEqual({
    oci: { reference: `registry.example.com:5000/models/llama@${DIGEST}` },
  })
  expect(pinned({ oci: { reference: 'localhost:5000/llama' } }, DIGEST)).toEqual({
    oci: { reference: `localhost:5000/llama@${DIGEST}` },
  })
  expect(pinned(branch, undefined)).toBe(branch)
  expect(pinned(url, COMMIT)).toBe(url)
})
