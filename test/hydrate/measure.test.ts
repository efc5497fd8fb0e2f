import { afterEach, describe, expect, test } from 'vitest'
import { MANIFEST_VARIABLE, textVariables } from '../../src/api/hydration-env.ts'
import { measureReport } from '../../src/api/hydration-report.ts'
import { createHttp } from '../../src/hydrate/fetch/http.ts'
import { measure } from '../../src/hydrate/measure.ts'
import { type Page, serveWeb, type Web } from '../sources/web.ts'
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
    configMap: folder => folder,
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

  test('is twice the size of a tar, which lies there while it is unpacked', async () => {
    expect(await measured('model.tar', { body, etag: '"v1"' })).toMatchObject({ bytes: 10_000 })
  })

  test.each(['model.tar.gz', 'model.tgz', 'model.zip'])('nobody knows of %s', async name => {
    expect(await reasonOf(measured(name, { body, etag: '"v1"' }))).toBe('SizeUnknown')
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
