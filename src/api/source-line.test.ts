import { expect, test } from 'vitest'
import { aModelCache } from './fixtures.ts'
import type { ModelCacheSpec } from './modelcache.ts'
import { sourceLine } from './source-line.ts'

type Source = ModelCacheSpec['artifact']['source']

test.each<[string, Source]>([
  ['hf://org/model@v1', { huggingFace: { repo: 'org/model', revision: 'v1' } }],
  ['s3://bucket/prefix/', { s3: { uri: 's3://bucket/prefix/', region: 'eu-west-1' } }],
  ['https://example.com/m.tar.gz', { http: { url: 'https://example.com/m.tar.gz' } }],
  ['https://example.com/a', { http: { urls: [{ url: 'https://example.com/a' }] } }],
  [
    'https://example.com/a and others',
    { http: { urls: [{ url: 'https://example.com/a' }, { url: 'https://example.com/b' }] } },
  ],
  ['oci://registry.example/m:1', { oci: { reference: 'registry.example/m:1' } }],
  ['inline (2 files)', { inline: { files: { a: '1', b: '2' } } }],
  ['configmap/chat', { configMap: { name: 'chat' } }],
  ['', undefined],
])('the SOURCE column says %j', (line, source) => {
  expect(sourceLine(aModelCache({ spec: { artifact: { source } } }).spec)).toBe(line)
})

test.each([
  ['pvc/ops-staged', undefined],
  ['pvc/ops-staged/llama/70b', 'llama/70b'],
])('the SOURCE column says %j for a claim that people filled', (line, subPath) => {
  const storage = { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged', subPath } } as const
  expect(sourceLine(aModelCache({ spec: { artifact: {}, storage } }).spec)).toBe(line)
})
