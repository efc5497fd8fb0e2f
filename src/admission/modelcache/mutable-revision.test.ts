import { describe, expect, test } from 'vitest'
import { aModelCache, COMMIT, NAMESPACE } from '../../api/fixtures.ts'
import { aPolicy, aView } from '../fixtures.ts'
import { mutableRevision } from './mutable-revision.ts'

const REPO = 'meta-llama/Llama-3.3-70B-Instruct'
const hub = (revision?: string) =>
  aModelCache({ spec: { artifact: { source: { huggingFace: { repo: REPO, revision } } } } })
const oci = (reference: string) => aModelCache({ spec: { artifact: { source: { oci: { reference } } } } })

function warnings(cache: ReturnType<typeof hub>, old?: ReturnType<typeof hub>) {
  return mutableRevision({ namespace: NAMESPACE, cache, old }, aView(), aPolicy())
}

describe('a new cache', () => {
  test.each<[string | undefined, string]>([
    [undefined, 'revision main can move'],
    ['main', 'revision main can move'],
    ['master', 'revision master can move'],
  ])('of revision %s is told that it does not follow, and how to pin it', (revision, words) => {
    const found = warnings(hub(revision))
    expect(found).toMatchObject([
      {
        violation: { reason: 'MutableRevision', field: 'spec.artifact.source.huggingFace.revision' },
        basis: [],
      },
    ])
    expect(found[0]?.violation.text).toContain(words)
    expect(found[0]?.violation.text).toMatch(/content is staged\. To pin it, name a commit.* is created$/)
  })

  test.each([
    ['ghcr.io/models/llama:latest', 'tag latest can move'],
    ['ghcr.io/models/llama', 'no tag means latest, which can move'],
    ['registry.example.com:5000/llama', 'no tag means latest, which can move'],
  ])('of reference %s is told that it does not follow, and how to pin it', (reference, words) => {
    const found = warnings(oci(reference))
    expect(found).toMatchObject([
      { violation: { reason: 'MutableRevision', field: 'spec.artifact.source.oci.reference' }, basis: [] },
    ])
    expect(found[0]?.violation.text).toContain(words)
    expect(found[0]?.violation.text).toMatch(/name a digest .* is created$/)
  })

  test.each([COMMIT, 'v1.0', 'dev', 'refs/pr/12', 'main-2031'])(
    'of revision %s is told nothing',
    revision => {
      expect(warnings(hub(revision))).toEqual([])
    },
  )

  test.each([
    'ghcr.io/models/llama:70b',
    'registry.example.com:5000/llama:latest-70b',
    `ghcr.io/models/llama@sha256:${'5e'.repeat(32)}`,
    `ghcr.io/models/llama:latest@sha256:${'5e'.repeat(32)}`,
  ])('of reference %s is told nothing', reference => {
    expect(warnings(oci(reference))).toEqual([])
  })

  test('of another source is told nothing', () => {
    expect(warnings(aModelCache({ spec: { artifact: { source: { configMap: { name: 'a' } } } } }))).toEqual(
      [],
    )
  })
})

test('a stored cache is told nothing: its source cannot change', () => {
  expect(warnings(hub('main'), hub('main'))).toEqual([])
  expect(warnings(oci('ghcr.io/models/llama'), oci('ghcr.io/models/llama'))).toEqual([])
})
