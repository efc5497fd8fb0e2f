import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { MANIFEST_VARIABLE, textVariables } from '../../src/api/hydration-env.ts'
import { measureReport } from '../../src/api/hydration-report.ts'
import { createHttp } from '../../src/hydrate/fetch/http.ts'
import { measure } from '../../src/hydrate/measure.ts'
import { type Page, serveWeb, type Web } from '../sources/web.ts'
import { tarOf, zipOf } from './support/archives.ts'
import { hydrate, manifestOf, startHydrate } from './support/run-hydrate.ts'
import { reasonOf } from './support/stage-in-process.ts'

const webs: Web[] = []
afterEach(async () => {
  for (const web of webs.splice(0)) await web[Symbol.asyncDispose]()
})

async function measured(name: string, page: Page, sha256?: string) {
  const web = await serveWeb({ [`/${name}`]: page })
  webs.push(web)
  return measure({
    source: { http: { url: `${web.url}/${name}`, sha256 } },
    secret: async () => undefined,
    secretKey: async () => undefined,
    configMap: folder => folder,
    claim: folder => folder,
    http: createHttp(),
    huggingFaceEndpoint: web.url,
    signal: new AbortController().signal,
  })
}

const body = Buffer.alloc(5_000, 'w')

describe('what a volume has to hold', () => {
  test('is what the server says of a file, known by its SHA-256 or not', async () => {
    const expected = { bytes: 5_000, files: 1 }
    expect(await measured('model.gguf', { body, etag: '"v1"' })).toEqual(expected)
    expect(await measured('model.gguf', { body, etag: '"v1"' }, 'ab'.repeat(32))).toEqual(expected)
  })

  test('is the size of a tar, and what the directory of a zip says', async () => {
    const tar = await tarOf([['model.gguf', body]])
    expect(await measured('model.tar', { body: tar, etag: '"v1"' })).toMatchObject({ bytes: tar.length })
    expect(await measured('model', { body: tar, etag: '"v1"' })).toMatchObject({ bytes: tar.length })
    const zip = zipOf({ 'model.gguf': body, 'config.json': body })
    expect(await measured('model.zip', { body: zip, etag: '"v1"' })).toMatchObject({ bytes: 10_000 })
  })

  test('nobody knows of a compressed archive, or of a zip without ranges', async () => {
    const tar = await tarOf([['model.gguf', body]])
    const zip = zipOf({ 'model.gguf': body })
    for (const [name, archive] of [
      ['model.tar.gz', gzipSync(tar)],
      ['model.tgz', gzipSync(tar)],
      ['model.tar.zst', zstdCompressSync(tar)],
      ['model', gzipSync(tar)],
    ] as const)
      expect(await reasonOf(measured(name, { body: archive, etag: '"v1"' })), name).toBe('SizeUnknown')
    const page = { body: zip, etag: '"v1"', ranges: false }
    expect(await reasonOf(measured('model.zip', page)), 'no ranges').toBe('SizeUnknown')
  })

  test('is not asked of what is no archive', async () => {
    expect(await reasonOf(measured('model.tar', { body, etag: '"v1"' }))).toBe('ArchiveInvalid')
    const zip = Buffer.from([0x50, 0x4b, 3, 4, ...body])
    expect(await reasonOf(measured('model.zip', { body: zip, etag: '"v1"' }))).toBe('ArchiveInvalid')
  })
})

test('--measure writes nothing and says it, of a manifest in variables too', async () => {
  const manifest = manifestOf({ inline: { files: { a: 'price: $(HOME)', b: '1234' } } })
  const given = await hydrate(manifest, ['--measure'])
  expect(given.code).toBe(0)
  expect(measureReport.parse(given.last)).toEqual({ bytes: 18, files: 2 })

  // Kubernetes writes one dollar for two.
  const env = Object.fromEntries(
    textVariables(MANIFEST_VARIABLE, manifest).map(({ name, value }) => [name, value.replaceAll('$$', '$')]),
  )
  const { done } = startHydrate(undefined, ['--measure'], { env })
  expect((await done).last).toEqual(given.last)
})
