import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { serveHub } from '../sources/hub.ts'
import { serveWeb } from '../sources/web.ts'
import { tarOf } from './support/archives.ts'
import { hydrate, manifestOf } from './support/run-hydrate.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-dry-run-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('--dry-run', () => {
  test('lists what would be fetched, and what would be left out and why', async () => {
    const folder = join(dir, 'repo')
    await mkdir(join(folder, 'images'), { recursive: true })
    const files = ['config.json', 'model.safetensors', 'pytorch_model.bin', 'README.md', 'images/a.png']
    for (const name of files) await writeFile(join(folder, name), name)
    await using hub = await serveHub({ repos: { 'example/model': { folder } } })
    const source = { repo: 'example/model', endpoint: hub.url, exclude: ['images/*'] }
    const { code, lines, last } = await hydrate(manifestOf({ huggingFace: source }), ['--dry-run'])
    expect(code).toBe(0)
    const listed = lines.filter(line => !line.startsWith('{'))
    expect(listed.toSorted()).toEqual([
      'fetch      README.md  9 B',
      'fetch      config.json  11 B',
      'fetch      model.safetensors  17 B',
      'leave out  images/a.png: a pattern of exclude matches it',
      'leave out  pytorch_model.bin: other files hold the same weights',
    ])
    expect(last).toMatchObject({ files: 3, bytes: 37, leftOut: 2, revision: expect.any(String) })
    expect(await readdir(dir)).toEqual(['repo'])
  })

  test('says that an archive would be unpacked', async () => {
    await using web = await serveWeb({ '/m.tar': { body: await tarOf([['a', 'a']]), etag: '"v1"' } })
    const { lines } = await hydrate(manifestOf({ http: { url: `${web.url}/m.tar` } }), ['--dry-run'])
    expect(lines[0]).toBe('unpack     m.tar: its files become the snapshot (tar)')
  })

  test('fails as a hydration would, and goes with no folder', async () => {
    const manifest = manifestOf({ http: { url: 'http://127.0.0.1:1/a' } })
    expect((await hydrate(manifest, ['--dry-run', '--into', dir])).code).toBe(2)
    await using web = await serveWeb({})
    const { code, last } = await hydrate(manifestOf({ http: { url: `${web.url}/a` } }), ['--dry-run'])
    expect([code, last.reason]).toEqual([1, 'SourceNotFound'])
  })
})
