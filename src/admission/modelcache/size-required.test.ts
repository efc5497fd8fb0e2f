import { expect, test } from 'vitest'
import { aModelCache } from '../../api/fixtures.ts'
import { reasonsOf } from '../fixtures.ts'
import { create, update } from './fixtures.ts'

const http = (url: string, more: object = {}) => ({ http: { url, ...more } })
const unsized = (source: object) => ({
  ...aModelCache().spec,
  artifact: { source },
  storage: { pvc: { storageClassName: 'shared' } },
})

test.each([
  http('https://example.com/model.tar.gz'),
  http('https://example.com/model.TGZ?download=true'),
  http('https://example.com/model.tar.zst#part'),
  { s3: { uri: 's3://models/llama.tar.gz' } },
  { gcs: { uri: 'gs://models/llama.tgz' } },
  { azure: { account: 'models', uri: 'az://models/llama.tar.zst' } },
])('a compressed archive needs a size: %j', source => {
  expect(reasonsOf(create({ ...aModelCache(), spec: unsized(source) }))).toEqual(['SizeRequired'])
})

test.each([
  http('https://example.com/model.tar'),
  http('https://example.com/model.zip'),
  http('https://example.com/model.gguf?name=x.tar.gz'),
  http('https://example.com/model.tar.gz', { archive: 'None' }),
  { s3: { uri: 's3://models/llama.tar.gz/' } },
])('this needs none: %j', source => {
  expect(create({ ...aModelCache(), spec: unsized(source) }).allowed).toBe(true)
})

test('a size is enough, and so is a cache that exists', () => {
  const source = http('https://example.com/model.tar.gz')
  const sized = { ...unsized(source), storage: { pvc: { storageClassName: 'shared', sizeGiB: 5 } } }
  expect(create({ ...aModelCache(), spec: sized }).allowed).toBe(true)
  const old = { ...aModelCache(), spec: unsized(source) }
  expect(update(old, old).allowed).toBe(true)
})
