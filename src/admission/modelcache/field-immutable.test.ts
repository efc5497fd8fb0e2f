import { describe, expect, test } from 'vitest'
import { aModelCache } from '../../api/fixtures.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow } from '../decision.ts'
import { findingsOf, reasonsOf, textOf } from '../fixtures.ts'
import { EMPTY, HF, INLINE, onClaim, pvc, spec, update, violationOf } from './fixtures.ts'

describe('after creation', () => {
  const source = (huggingFace: object) =>
    ({ kind: 'Weights', source: { huggingFace: { ...HF, ...huggingFace } } }) as const
  const existing = onClaim({ name: 'ops-staged', subPath: 'a' })

  test.each<[string, ModelCache, ModelCache]>([
    ['artifact.kind', aModelCache(), spec({ artifact: { ...source({}), kind: 'Tokenizer' } })],
    ['artifact.source.huggingFace.repo', aModelCache(), spec({ artifact: source({ repo: 'a/b' }) })],
    ['artifact.source.huggingFace.revision', aModelCache(), spec({ artifact: source({ revision: 'v2' }) })],
    [
      'artifact.source.huggingFace.include',
      aModelCache(),
      spec({ artifact: source({ include: ['*.json'] }) }),
    ],
    ['artifact.source.huggingFace.exclude', spec({ artifact: source({ exclude: ['a'] }) }), aModelCache()],
    ['mount.path', aModelCache(), spec({ mount: { path: '/mnt/other' } })],
    ['storage.pvc.storageClassName', aModelCache(), pvc('other')],
    ['storage.pvc.storageClassName', pvc(), pvc('now-named')],
    ['storage.pvc.storageClassName', aModelCache(), spec({ storage: { backend: 'PVC' } })],
    ['storage.existingPVC', existing, onClaim({ name: 'other', subPath: 'a' })],
    ['storage.existingPVC', existing, onClaim({ name: 'ops-staged', subPath: 'b' })],
    ['storage.existingPVC', existing, onClaim({ name: 'ops-staged' })],
  ])('%s is FieldImmutable', (path, before, after) => {
    const found = violationOf(update(before, after))
    expect(found).toMatchObject({ reason: 'FieldImmutable', field: `spec.${path}` })
    expect(found.text).toContain('create a ModelCache of another name instead')
  })

  test.each([
    ['s3', { uri: 's3://bkt/x' }, { uri: 's3://bkt/y' }, 'uri'],
    ['s3', { uri: 's3://bkt/x' }, { uri: 's3://bkt/x', region: 'eu-west-1' }, 'region'],
    ['s3', { uri: 's3://bkt/x' }, { uri: 's3://bkt/x', endpoint: 'https://minio' }, 'endpoint'],
    ['http', { url: 'https://e/x' }, { url: 'https://e/y' }, 'url'],
    ['http', { url: 'https://e/x' }, { url: 'https://e/x', sha256: 'a'.repeat(64) }, 'sha256'],
    ['oci', { reference: 'r.io/x:1' }, { reference: 'r.io/x:2' }, 'reference'],
    ['inline', { files: { a: '1' } }, { files: { a: '2' } }, 'files'],
    ['inline', { files: { a: '1' } }, { files: { b: '1' } }, 'files'],
    ['configMap', { name: 'a' }, { name: 'b' }, 'name'],
  ])('artifact.source.%s of %j cannot become %j', (name, before, after, member) => {
    const withSource = (value: object) =>
      spec({
        artifact: { kind: 'Weights', source: { [name]: value } as ModelCache['spec']['artifact']['source'] },
      })
    // A source that is not staged is also denied by name.
    const fields = findingsOf(update(withSource(before), withSource(after)))
      .map(({ violation }) => violation)
      .filter(({ reason }) => reason === 'FieldImmutable')
      .map(({ field }) => field)
    expect(fields).toEqual([`spec.artifact.source.${name}.${member}`])
  })

  test('one source cannot become another, nor one backend another', () => {
    const swapped = update(aModelCache(), spec({ artifact: { kind: 'Weights', source: { inline: INLINE } } }))
    expect(new Set(reasonsOf(swapped))).toEqual(new Set(['FieldImmutable']))
    const fields = findingsOf(update(aModelCache(), existing)).map(({ violation }) => violation.field)
    expect(fields).toContain('spec.storage.backend')
  })

  test('the text says from what to what, cut short where it is long', () => {
    const text = textOf(update(aModelCache(), spec({ mount: { path: '/mnt/other' } })))
    expect(text).toContain('from /mnt/model to /mnt/other')
    expect(textOf(update(pvc(), pvc('x')))).toContain('from unset to x')
    const http = (url: string) => spec({ artifact: { kind: 'Bytes', source: { http: { url } } } })
    const long = `https://example.com/${'x'.repeat(900)}`
    expect(textOf(update(http(long), http('https://example.com/y'))).length).toBeLessThan(500)
  })

  test('the text does not quote the contents of files', () => {
    const inline = (content: string) =>
      spec({ artifact: { kind: 'Bytes', source: { inline: { files: { a: content } } } } })
    const text = textOf(update(inline('secret before'), inline('secret now')))
    expect(text).toContain('spec.artifact.source.inline.files cannot change; create')
    expect(text).not.toContain('secret')
  })

  test('of a file is told whatever the file is called', () => {
    const named = (content: string) =>
      spec({
        artifact: { kind: 'Bytes', source: { inline: { files: JSON.parse(`{"__proto__":"${content}"}`) } } },
      })
    expect(textOf(update(named('before'), named('now')))).toContain('inline.files cannot change')
  })

  test.each<[string, ModelCache, ModelCache]>([
    ['nothing', aModelCache(), aModelCache()],
    ['the metadata', aModelCache(), aModelCache({ metadata: { resourceVersion: '2' } })],
    [
      'a new credential',
      aModelCache(),
      spec({ artifact: source({ secretRef: { name: 'hf', key: 'token' } }) }),
    ],
    [
      'another key of a credential',
      spec({ artifact: source({ secretRef: { name: 'hf', key: 'token' } }) }),
      spec({ artifact: source({ secretRef: { name: 'hf', key: 'other' } }) }),
    ],
    [
      'no credential any more',
      spec({ artifact: source({ secretRef: { name: 'hf', key: 'token' } }) }),
      aModelCache(),
    ],
    ['where the Job runs', aModelCache(), spec({ hydration: { nodeSelector: { pool: 'io' } } })],
    [
      'a larger claim',
      aModelCache(),
      spec({ storage: { backend: 'PVC', pvc: { storageClassName: 'shared', sizeGiB: 200 } } }),
    ],
  ])('%s may change', (_, before, after) => {
    expect(update(before, after)).toEqual(allow())
  })

  test('a default that the stored object spells out is no change', () => {
    const stored = spec({ artifact: source({ revision: 'main' }) })
    const bare = {
      ...stored,
      spec: { ...stored.spec, artifact: { source: { huggingFace: { repo: HF.repo } } } },
    }
    expect(update(stored, bare)).toEqual(allow())
  })

  test('the cluster is not asked: a vanished StorageClass or claim never blocks a label edit', () => {
    const labelled = { labels: { team: 'ml' } }
    const asksNothing: ClusterView = new Proxy(EMPTY, {
      get: (_, name) => () => {
        throw new Error(`asked for ${String(name)}`)
      },
    })
    const advised = spec({
      artifact: source({ revision: 'main', secretRef: { name: 'gone', key: 'token' } }),
      storage: { backend: 'PVC', pvc: { sizeGiB: 200 } },
      clusterSelector: {},
    })
    for (const before of [aModelCache(), pvc(), existing, advised]) {
      const after = { ...before, metadata: { ...before.metadata, ...labelled } }
      expect(update(before, after, asksNothing)).toEqual(allow())
    }
  })
})
