import { describe, expect, test } from 'vitest'
import { aModelCache, NAMESPACE } from '../../api/fixtures.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { aPolicy, aView } from '../fixtures.ts'
import { sourceAlreadyCached } from './source-already-cached.ts'

type Source = NonNullable<ModelCache['spec']['artifact']['source']>

const REPO = { repo: 'meta-llama/Llama-3.3-70B-Instruct', revision: 'v1' }
const of = (source: Source, name = 'new', kind: 'Weights' | 'Bytes' = 'Weights') =>
  aModelCache({ name, spec: { artifact: { kind, source } } })

function warnings(cache: ModelCache, caches: ModelCache[], old?: ModelCache) {
  return sourceAlreadyCached({ namespace: NAMESPACE, cache, old }, aView({ caches }), aPolicy())
}

describe('a new cache of a source that another one has', () => {
  test.each<[string, Source]>([
    ['huggingFace', { huggingFace: { ...REPO, include: ['*.json'] } }],
    ['s3', { s3: { uri: 's3://bucket/x/', region: 'eu-west-1' } }],
    ['http', { http: { url: 'https://models.example.com/x' } }],
    ['oci', { oci: { reference: 'ghcr.io/models/llama:70b' } }],
    ['inline', { inline: { files: { 'chat.jinja': 'x' } } }],
    ['configMap', { configMap: { name: 'tokenizer' } }],
  ])('%s is told which, on the basis of that one', (_, source) => {
    const other = of({ configMap: { name: 'other' } }, 'other')
    const found = warnings(of(source), [other, of(structuredClone(source), 'llama')])
    expect(found).toMatchObject([
      {
        violation: { reason: 'SourceAlreadyCached', field: 'spec.artifact.source' },
        basis: [{ kind: 'ModelCache', namespace: NAMESPACE, name: 'llama' }],
      },
    ])
    expect(found[0]?.violation.text).toContain('ModelCache ml-team/llama already stages the same source')
    expect(found[0]?.violation.text).toContain('mounted at /mnt/model')
    expect(found[0]?.violation.text).toContain('modelplane.ai/caches: llama')
  })

  test('is told so whatever the kind and the credentials: the bytes are the same', () => {
    const mine = of({ huggingFace: { ...REPO, secretRef: { name: 'mine', key: 'token' } } })
    const theirs = of(
      { huggingFace: { ...REPO, secretRef: { name: 'theirs', key: 'hf' } } },
      'llama',
      'Bytes',
    )
    expect(warnings(mine, [theirs])).toHaveLength(1)
  })

  test('is told of one, however many there are', () => {
    const others = ['a', 'b', 'c'].map(name => of({ huggingFace: REPO }, name))
    expect(warnings(of({ huggingFace: REPO }), others)).toHaveLength(1)
  })
})

describe('nothing is told', () => {
  const mine = of({ huggingFace: REPO })

  test.each<[string, Source]>([
    ['another repository', { huggingFace: { ...REPO, repo: 'a/b' } }],
    ['another revision', { huggingFace: { ...REPO, revision: 'v2' } }],
    ['other patterns', { huggingFace: { ...REPO, exclude: ['original/*'] } }],
    ['another kind of source', { http: { url: 'https://huggingface.co/meta-llama/Llama-3.3-70B-Instruct' } }],
  ])('of a cache of %s', (_, source) => {
    expect(warnings(mine, [of(source, 'llama')])).toEqual([])
  })

  test('of a cache that is being deleted', () => {
    const leaving = of({ huggingFace: REPO }, 'llama')
    leaving.metadata.deletionTimestamp = '2031-05-04T03:02:01Z'
    expect(warnings(mine, [leaving])).toEqual([])
  })

  test('of a cache of another namespace', () => {
    const elsewhere = of({ huggingFace: REPO }, 'llama')
    elsewhere.metadata.namespace = 'other'
    expect(warnings(mine, [elsewhere])).toEqual([])
  })

  test('of the cache itself, nor on an update of it', () => {
    const twin = of({ huggingFace: REPO }, 'llama')
    expect(warnings(mine, [mine])).toEqual([])
    expect(warnings(mine, [twin], mine)).toEqual([])
  })

  test('where there is no source, as with backend ExistingPVC', () => {
    const onClaim = (name: string) =>
      aModelCache({
        name,
        spec: { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: 'staged' } } },
      })
    expect(warnings(onClaim('a'), [onClaim('b')])).toEqual([])
  })

  test.each([
    ['is gone', undefined],
    ['is another now', of({ huggingFace: { ...REPO, revision: 'v2' } }, 'llama')],
    [
      'is being deleted',
      { ...mine, metadata: { ...mine.metadata, name: 'llama', deletionTimestamp: '2031-05-04T03:02:01Z' } },
    ],
  ])('when a live read says that the other one %s, whatever the watch has', (_, live) => {
    const { get } = aView({ caches: live ? [live] : [] })
    const view = { ...aView({ caches: [of({ huggingFace: REPO }, 'llama')] }), get }
    const change = { namespace: NAMESPACE, cache: mine, old: undefined }
    expect(sourceAlreadyCached(change, view, aPolicy())).toEqual([])
  })
})
