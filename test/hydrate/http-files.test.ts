import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { filesBelow, sha256 } from '../../src/hydrate/fixtures.ts'
import type { HydrateOptions } from '../../src/hydrate/hydrate.ts'
import { type TarContent, tarOf, zipOf } from './support/archives.ts'
import { failureOf, stage } from './support/stage-in-process.ts'
import { useWebs } from './support/use-webs.ts'

const at = useWebs()

type Http = NonNullable<HydrateOptions['source']['http']>

const stageHttp = (http: Http, token?: string) => stage(at.dir, { http }, { token })
const staged = async (path: string) => filesBelow(join(at.dir, path))

const ONE = Buffer.from('one')
const TWO = Buffer.from('two')

describe('several URLs', () => {
  const pages = () => ({ '/a/one.bin': { body: ONE, etag: '"1"' }, '/b/two.bin': { body: TWO, etag: '"2"' } })

  test('are files of one snapshot, by the end of the URL or a path of their own', async () => {
    const { url } = await at.web(pages())
    const urls = [
      { url: `${url}/a/one.bin`, sha256: sha256(ONE) },
      { url: `${url}/b/two.bin`, path: 'sub/2.bin' },
    ]
    const { path, files } = await stageHttp({ urls })
    expect(await staged(path)).toEqual({ 'one.bin': 'one', 'sub/2.bin': 'two' })
    expect(files).toBe(2)
  })

  test('that all have a SHA-256 need no call the second time, and a new one is another source', async () => {
    const { url, requests } = await at.web({ ...pages(), '/c/one.bin': { body: TWO } })
    const urls = [
      { url: `${url}/a/one.bin`, sha256: sha256(ONE) },
      { url: `${url}/b/two.bin`, sha256: sha256(TWO) },
    ]
    const { digest } = await stageHttp({ urls })
    const before = requests.length
    expect((await stageHttp({ urls })).digest).toBe(digest)
    expect(requests).toHaveLength(before)
    const changed = await stageHttp({ urls: [{ ...urls[0], url: `${url}/c/one.bin`, sha256: sha256(TWO) }] })
    expect(await staged(changed.path)).toEqual({ 'one.bin': 'two' })
  })

  test('send the token of the Secret to each of them', async () => {
    const { url, requests } = await at.web(pages())
    const secretRef = { name: 'web', key: 'token' }
    await stageHttp({ urls: [{ url: `${url}/a/one.bin` }, { url: `${url}/b/two.bin` }], secretRef }, 'canary')
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer canary']))
  })

  test('with a wrong SHA-256 among them stage nothing', async () => {
    const { url } = await at.web(pages())
    const urls = [{ url: `${url}/a/one.bin` }, { url: `${url}/b/two.bin`, sha256: sha256(ONE) }]
    const { reason, message } = await failureOf(stageHttp({ urls }))
    expect({ reason, message }).toEqual({
      reason: 'ChecksumMismatch',
      message: expect.stringContaining('"two.bin"'),
    })
    expect(await filesBelow(join(at.dir, 'snapshots')).catch(() => ({}))).toEqual({})
  })

  test('that end alike collide', async () => {
    const { url } = await at.web({ ...pages(), '/c/one.bin': { body: TWO } })
    const urls = [{ url: `${url}/a/one.bin` }, { url: `${url}/c/one.bin` }]
    expect((await failureOf(stageHttp({ urls }))).reason).toBe('FileNamesCollide')
  })

  test('are not unpacked', async () => {
    const tar = await tarOf([['a', 'x']])
    const { url } = await at.web({ '/model.tar': { body: tar, etag: '"1"' } })
    const { path } = await stageHttp({ urls: [{ url: `${url}/model.tar` }] })
    expect(Object.keys(await staged(path))).toEqual(['model.tar'])
  })
})

describe('a checksum file', () => {
  const pages = (sums: string) => ({
    '/one.bin': { body: ONE, etag: '"1"' },
    '/sub/two.bin': { body: TWO, etag: '"2"' },
    '/SHA256SUMS': { body: Buffer.from(sums) },
  })

  test('says what each file must have', async () => {
    const { url } = await at.web(pages(`${sha256(ONE)}  one.bin\n${sha256(TWO)} *./sub/two.bin\n`))
    const urls = [{ url: `${url}/one.bin` }, { url: `${url}/sub/two.bin` }]
    const { path } = await stageHttp({ urls, sha256sums: `${url}/SHA256SUMS` })
    expect(await staged(path)).toEqual({ 'one.bin': 'one', 'two.bin': 'two' })
  })

  test('that says something else is a mismatch', async () => {
    const { url } = await at.web(pages(`${sha256(TWO)}  one.bin\n`))
    const { reason } = await failureOf(stageHttp({ url: `${url}/one.bin`, sha256sums: `${url}/SHA256SUMS` }))
    expect(reason).toBe('ChecksumMismatch')
  })

  test.each([
    ['without the file', `${sha256(ONE)}  other.bin\n`, 'has no SHA-256 for "one.bin"'],
    ['with the file twice', `${sha256(ONE)}  a/one.bin\n${sha256(TWO)}  b/one.bin\n`, 'has several SHA-256'],
    ['of megabytes', 'x'.repeat(5_000_000), 'returns more than'],
  ])('%s is refused', async (_, sums, words) => {
    const { url } = await at.web(pages(sums))
    const { reason, message } = await failureOf(
      stageHttp({ url: `${url}/one.bin`, sha256sums: `${url}/SHA256SUMS` }),
    )
    expect({ reason, message }).toEqual({ reason: 'SourceNotFound', message: expect.stringContaining(words) })
  })
})

describe('what the author says of an archive', () => {
  const ENTRIES: [string, TarContent][] = [
    ['model-v1/config.json', '{}'],
    ['model-v1/sub/weights.bin', 'w'],
    ['model-v1/link.json', { link: 'config.json' }],
    ['model-v1/hard.bin', { link: 'model-v1/sub/weights.bin', type: 'link' }],
    ['README', 'left out'],
  ]

  test('None stages the file as it is', async () => {
    const tar = await tarOf(ENTRIES)
    const { url } = await at.web({ '/model.tar': { body: tar, etag: '"1"' } })
    const { path } = await stageHttp({ url: `${url}/model.tar`, archive: 'None' })
    expect(await staged(path)).toEqual({ 'model.tar': tar.toString() })
  })

  test('tar unpacks it whatever its name is', async () => {
    const { url } = await at.web({ '/model.nemo': { body: gzipSync(await tarOf(ENTRIES)), etag: '"1"' } })
    const { path } = await stageHttp({ url: `${url}/model.nemo`, archive: 'tar' })
    expect(Object.keys(await staged(path))).toContain('model-v1/config.json')
  })

  test.each([
    ['tar', 'model.tar', () => zipOf({ a: ONE })],
    ['zip', 'model.zip', () => tarOf([['a', 'x']])],
    ['tar', 'model.bin', () => Buffer.alloc(4_096, 'x')],
  ] as const)('%s rejects what is none, such as this %s', async (archive, name, body) => {
    const { url } = await at.web({ [`/${name}`]: { body: await body(), etag: '"1"' } })
    const { reason, message } = await failureOf(stageHttp({ url: `${url}/${name}`, archive }))
    expect({ reason, message }).toEqual({
      reason: 'ArchiveInvalid',
      message: expect.stringContaining(`is no ${archive} archive`),
    })
  })

  test('stripComponents removes leading folders, as tar does, and links still lead to their files', async () => {
    const { url } = await at.web({ '/model.tar': { body: await tarOf(ENTRIES), etag: '"1"' } })
    const { path } = await stageHttp({ url: `${url}/model.tar`, stripComponents: 1 })
    expect(await staged(path)).toEqual({
      'config.json': '{}',
      'link.json': '{}',
      'sub/weights.bin': 'w',
      'hard.bin': 'w',
    })
  })

  test('is another source if it changes', async () => {
    const { url } = await at.web({ '/model.tar': { body: await tarOf(ENTRIES), etag: '"1"' } })
    const first = await stageHttp({ url: `${url}/model.tar` })
    const second = await stageHttp({ url: `${url}/model.tar`, stripComponents: 1 })
    expect(second.digest).not.toBe(first.digest)
  })

  test('stripComponents that leave nothing make an empty archive', async () => {
    const { url } = await at.web({ '/model.tar': { body: await tarOf(ENTRIES), etag: '"1"' } })
    const { reason } = await failureOf(stageHttp({ url: `${url}/model.tar`, stripComponents: 9 }))
    expect(reason).toBe('ArchiveInvalid')
  })
})
