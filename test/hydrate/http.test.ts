import { execFileSync } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { describe, expect, test } from 'vitest'
import { filesBelow, sha256 } from '../../src/hydrate/fixtures.ts'
import type { Page } from '../sources/web.ts'
import { failureOf, reasonOf, stage } from './support/stage-in-process.ts'
import { useWebs } from './support/use-webs.ts'

const FILE = Buffer.alloc(3 * 1024 * 1024, 'weights of a model ')

const at = useWebs()

const stageHttp = (
  http: { url?: string; sha256?: string; secretRef?: typeof SECRET & { urlKey?: string } },
  token?: string,
) => stage(at.dir, { http: { ...http } }, { token })
const staged = async (path: string) => filesBelow(join(at.dir, path))
const SECRET = { name: 'web', key: 'token' }

describe('a file', () => {
  test('is staged under the last part of its path, and not fetched a second time', async () => {
    const { url, sent } = await at.web({ '/models/llama%20small.gguf': { body: FILE, etag: '"v1"' } })
    const { path, files, bytes } = await stageHttp({ url: `${url}/models/llama%20small.gguf?download=true` })
    expect(await staged(path)).toEqual({ 'llama small.gguf': FILE.toString() })
    expect({ files, bytes }).toEqual({ files: 1, bytes: FILE.length })
    const before = sent()
    await stageHttp({ url: `${url}/models/llama%20small.gguf?download=true` })
    // The first byte shows whether it is the same.
    expect(sent() - before).toBeLessThanOrEqual(1)
  })

  test('with a SHA-256 needs no call at all the second time', async () => {
    const { url, requests } = await at.web({ '/f': { body: FILE } })
    await stageHttp({ url: `${url}/f`, sha256: sha256(FILE) })
    const before = requests.length
    await stageHttp({ url: `${url}/f`, sha256: sha256(FILE) })
    expect(requests).toHaveLength(before)
  })

  test('behind a URL that the Secret holds is fetched without a token, and its query is written nowhere', async () => {
    const { url, requests } = await at.web({ '/f.gguf': { body: FILE, etag: '"v1"' } })
    const secretRef = { ...SECRET, urlKey: 'url' }
    const { path } = await stageHttp({ secretRef }, `${url}/f.gguf?X-Amz-Signature=hunter2`)
    expect(await staged(path)).toEqual({ 'f.gguf': FILE.toString() })
    expect(requests.every(({ authorization }) => authorization === undefined)).toBe(true)
    const written = await filesBelow(join(at.dir, '.modelcache'))
    expect(JSON.stringify(written)).toContain('/f.gguf')
    expect(JSON.stringify(written)).not.toContain('hunter2')
  })

  test.each(['not a URL', 'ftp://e.com/x'])('is SecretMalformed where the key holds %s', async held => {
    expect(await reasonOf(stageHttp({ secretRef: { ...SECRET, urlKey: 'url' } }, held))).toBe(
      'SecretMalformed',
    )
  })

  test.each<[string, (file: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('that the server sends encoded by %s is decoded', async (encoding, encode) => {
    const headers = { 'content-encoding': encoding }
    const { url } = await at.web({ '/f.bin': { body: encode(FILE), etag: '"v1"', headers } })
    const { path, bytes } = await stageHttp({ url: `${url}/f.bin`, sha256: sha256(FILE) })
    expect(await staged(path)).toEqual({ 'f.bin': FILE.toString() })
    expect(bytes).toBe(FILE.length)
  })

  test.each([
    ['an encoding that nobody knows', 'f.bin', 'compress'],
    ['an encoding which may be that of the file itself', 'f.json.gz', 'gzip'],
  ])('with %s is unavailable', async (_, name, encoding) => {
    const headers = { 'content-encoding': encoding }
    const { url } = await at.web({ [`/${name}`]: { body: gzipSync(FILE), headers } })
    const failed = await failureOf(stageHttp({ url: `${url}/${name}` }))
    expect(failed.message).toContain(`has Content-Encoding ${encoding}, so nobody can tell what the file is`)
    expect(failed.reason).toBe('SourceUnavailable')
  })

  test('whose URL has no suffix has the name that the server gives it', async () => {
    const page = (header: string) => ({ body: FILE, headers: { 'content-disposition': header } })
    const { url } = await at.web({
      '/17': page('attachment; filename="a b.gguf"'),
      '/18': page(`attachment; filename=x; filename*=UTF-8''%C3%A4.gguf`),
      '/19': page('attachment; filename="../../etc/passwd"'),
    })
    for (const [id, name] of [
      ['17', 'a b.gguf'],
      ['18', 'ä.gguf'],
      ['19', 'passwd'],
    ] as const)
      expect(Object.keys(await staged((await stageHttp({ url: `${url}/${id}` })).path))).toEqual([name])
  })

  test('of PyTorch is a zip, and stays whole', async () => {
    const body = Buffer.concat([Buffer.from('504b0304', 'hex'), FILE])
    const { url } = await at.web({ '/model.pt': { body, etag: '"v1"' } })
    const { path } = await stageHttp({ url: `${url}/model.pt` })
    expect(Object.keys(await staged(path))).toEqual(['model.pt'])
  })

  test('that breaks off goes on from the byte that came last', async () => {
    const { url, requests, sent } = await at.web({
      '/f.bin': { body: FILE, etag: '"v1"', breakAfter: [1_000_000, 500_000, 0] },
    })
    const { path } = await stageHttp({ url: `${url}/f.bin` })
    expect(await staged(path)).toEqual({ 'f.bin': FILE.toString() })
    expect(requests.map(({ range }) => range).slice(2)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^bytes=[1-9]\d+-$/)]),
    )
    expect(sent()).toBeLessThan(1.5 * FILE.length)
  })

  test('of a server without ranges is fetched whole', async () => {
    const { url } = await at.web({ '/f': { body: FILE, ranges: false } })
    expect(await staged((await stageHttp({ url: `${url}/f` })).path)).toEqual({ f: FILE.toString() })
  })

  test.each<[string, Page, string]>([
    ['is not there', { status: 404 }, 'SourceNotFound'],
    ['wants a login', { status: 401 }, 'Unauthorized'],
    ['is forbidden', { status: 403 }, 'Unauthorized'],
    [
      'is a page for people',
      { body: Buffer.from('<html>'), type: 'text/html; charset=utf-8' },
      'SourceNotFound',
    ],
  ])('that %s', async (_, page, reason) => {
    const { url } = await at.web({ '/f': page })
    expect(await reasonOf(stageHttp({ url: `${url}/f` }))).toBe(reason)
  })

  test('whose checksum is another is rejected, and nothing appears', async () => {
    const { url } = await at.web({ '/f': { body: FILE } })
    expect(await reasonOf(stageHttp({ url: `${url}/f`, sha256: 'a'.repeat(64) }))).toBe('ChecksumMismatch')
    expect(Object.keys(await filesBelow(at.dir)).filter(path => path.startsWith('snapshots'))).toEqual([])
  })

  test('of a server that wants to be asked less often is asked again when it says', async () => {
    const { url, requests } = await at.web({
      '/f': {
        body: FILE,
        etag: '"v1"',
        first: [{ status: 429, headers: { 'retry-after': '1' } }, { status: 503 }],
      },
    })
    await stageHttp({ url: `${url}/f` })
    expect(requests.length).toBeGreaterThanOrEqual(3)
  })

  test('takes a bearer token to its own host, and to no other to which that redirects', async () => {
    const cdn = await at.web({ '/blob': { body: FILE, etag: '"v1"' } })
    const { url, requests } = await at.web({
      '/f': { status: 302, headers: { location: `${cdn.url}/blob?signature=x` } },
    })
    const { path } = await stageHttp({ url: `${url}/f`, secretRef: SECRET }, 'secret-token')
    expect(await staged(path)).toEqual({ f: FILE.toString() })
    expect(requests.every(({ authorization }) => authorization === 'Bearer secret-token')).toBe(true)
    expect(cdn.requests.length).toBeGreaterThan(0)
    expect(cdn.requests.map(({ authorization }) => authorization)).toEqual(cdn.requests.map(() => undefined))
  })

  test('of a server that redirects in a circle is unavailable', async () => {
    const { url } = await at.web({ '/f': { status: 302, headers: { location: '/f' } } })
    await expect(
      stage(at.dir, { http: { url: `${url}/f` } }, { signal: AbortSignal.timeout(3_000) }),
    ).rejects.toThrow()
  })
})

/** A tar of entries, each in its given form. */
async function tarOf(
  entries: { name: string; content?: string; type?: 'symlink' | 'character-device'; linkname?: string }[],
) {
  const tar = pack()
  for (const { name, content = '', type, linkname } of entries) {
    if (type !== undefined) tar.entry({ name, type, linkname: linkname ?? '' })
    else tar.entry({ name }, content)
  }
  tar.finalize()
  return buffer(tar)
}

describe('an archive', () => {
  const ENTRIES = [
    { name: './config.json', content: '{}' },
    { name: 'a/weights.safetensors', content: 'w'.repeat(100_000) },
  ]
  const TREE = { 'config.json': '{}', 'a/weights.safetensors': 'w'.repeat(100_000) }
  const stageArchive = async (name: string, body: Buffer) => {
    const { url } = await at.web({ [`/${name}`]: { body, etag: '"v1"' } })
    return stageHttp({ url: `${url}/${name}` })
  }

  test.each<[string, (tar: Buffer) => Buffer]>([
    ['model.tar', tar => tar],
    ['model.tar.gz', gzipSync],
    ['model.tgz', gzipSync],
    ['model.tar.zst', zstdCompressSync],
    // Nothing but the first bytes tells.
    ['model', gzipSync],
    ['model', tar => tar],
  ])('%s is unpacked, with the digest that the same files have without it', async (name, packed) => {
    const { path, digest } = await stageArchive(name, packed(await tarOf(ENTRIES)))
    expect(await staged(path)).toEqual(TREE)
    const { digest: plain } = await stage(join(at.dir, 'other'), { inline: { files: TREE } })
    expect(digest).toBe(plain)
  })

  test('is known by the name that the server gives it, if the URL has none', async () => {
    const headers = { 'content-disposition': `attachment; filename="model.tar.gz"` }
    const { url } = await at.web({ '/download/17': { body: gzipSync(await tarOf(ENTRIES)), headers } })
    expect(await staged((await stageHttp({ url: `${url}/download/17` })).path)).toEqual(TREE)
  })

  test('that a server marks as encoded by gzip is unpacked all the same', async () => {
    const headers = { 'content-encoding': 'gzip' }
    const { url } = await at.web({ '/model.tar.gz': { body: gzipSync(await tarOf(ENTRIES)), headers } })
    expect(await staged((await stageHttp({ url: `${url}/model.tar.gz` })).path)).toEqual(TREE)
  })

  test('model.zip is unpacked', async () => {
    const tree = join(at.dir, 'tree')
    await mkdir(join(tree, 'a'), { recursive: true })
    for (const [path, text] of Object.entries(TREE)) await writeFile(join(tree, path), text)
    execFileSync('python3', [
      '-c',
      'import shutil, sys; shutil.make_archive(*sys.argv[1:3], root_dir=sys.argv[3])',
      join(at.dir, 'model'),
      'zip',
      tree,
    ])
    const { path } = await stageArchive('model.zip', await readFile(join(at.dir, 'model.zip')))
    expect(await staged(path)).toEqual(TREE)
  })

  test('that has a name twice is unpacked as tar does: the last one stays', async () => {
    const twice = [...ENTRIES, { name: 'config.json', content: '{"new":true}' }]
    const { path } = await stageArchive('model.tar', await tarOf(twice))
    expect(await staged(path)).toEqual({ ...TREE, 'config.json': '{"new":true}' })
  })

  test.each<[string, Parameters<typeof tarOf>[0], string]>([
    ['leads out of the tree', [{ name: '../../etc/passwd', content: 'x' }], 'FileNameInvalid'],
    ['is absolute', [{ name: '/etc/passwd', content: 'x' }], 'FileNameInvalid'],
    ['is a link', [{ name: 'weights', type: 'symlink', linkname: '../../blobs/x' }], 'ArchiveInvalid'],
    ['is a device', [{ name: 'null', type: 'character-device' }], 'ArchiveInvalid'],
  ])('with an entry that %s is rejected, and nothing appears', async (_, entries, reason) => {
    expect(await reasonOf(stageArchive('m.tar', await tarOf([...ENTRIES, ...entries])))).toBe(reason)
    expect(Object.keys(await filesBelow(at.dir)).filter(path => path.startsWith('snapshots'))).toEqual([])
  })

  test.each<[string, string, () => Buffer]>([
    ['no gzip', 'm.tar.gz', () => Buffer.from('hello')],
    ['no zip', 'm.zip', () => Buffer.from('hello')],
    ['cut', 'm.tar.gz', () => gzipSync(Buffer.alloc(100_000, 'x')).subarray(0, 50)],
    ['empty', 'm.tar', () => Buffer.alloc(0)],
    ['without files', 'm.tar', () => Buffer.alloc(10_240)],
    ['xz', 'm.tar.xz', () => Buffer.from('fd377a585a00', 'hex')],
    ['xz without a suffix', 'm', () => Buffer.from('fd377a585a00', 'hex')],
  ])('that is %s is rejected', async (_, name, body) => {
    expect(await reasonOf(stageArchive(name, body()))).toBe('ArchiveInvalid')
  })

  test('a zip with a link is rejected', async () => {
    const tree = join(at.dir, 'linked')
    await mkdir(tree)
    await symlink('/etc/passwd', join(tree, 'link'))
    const script = `
import zipfile, sys
info = zipfile.ZipInfo('link'); info.create_system = 3; info.external_attr = 0o120777 << 16
with zipfile.ZipFile(sys.argv[1], 'w') as z: z.writestr(info, '/etc/passwd')`
    execFileSync('python3', ['-c', script, join(at.dir, 'linked.zip')])
    expect(await reasonOf(stageArchive('linked.zip', await readFile(join(at.dir, 'linked.zip'))))).toBe(
      'ArchiveInvalid',
    )
  })
})
