import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { filesBelow } from '../../src/hydrate/fixtures.ts'
import type { HydrateOptions } from '../../src/hydrate/hydrate.ts'
import { type Layer, type Pushed, type Registry, serveRegistry } from '../sources/registry.ts'
import { ensureOras } from '../testbed/binaries.ts'
import { type TarContent, tarOf } from './support/archives.ts'
import { digestedBelow } from './support/digested-below.ts'
import { failureOf, stage } from './support/stage-in-process.ts'

// The registry is that of distribution. ORAS fills it, or plain calls of its API.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 600_000 })

const run = promisify(execFile)

let registry: Registry
let oras: string
let dir: string
let tag = 0

beforeAll(async () => {
  oras = await ensureOras(line => console.error(line))
  registry = await serveRegistry()
})
afterAll(() => registry?.[Symbol.asyncDispose]())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-oci-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

type Oci = NonNullable<HydrateOptions['source']['oci']>

/** The files of the snapshot of an image or artifact. */
async function staged(reference: string, more: Partial<Oci> = {}): Promise<Record<string, string>> {
  const into = join(dir, 'volume')
  await mkdir(into, { recursive: true })
  const { path } = await stage(into, { oci: { reference: `${registry.host}/${reference}`, ...more } })
  return filesBelow(join(into, path))
}

async function pushed(image: Omit<Pushed, 'repository' | 'tag'>): Promise<string> {
  tag += 1
  await registry.push({ repository: 'models/pushed', tag: `v${tag}`, ...image })
  return `models/pushed:v${tag}`
}

type Entries = readonly (readonly [name: string, content: TarContent])[]

async function imageLayer(entries: Entries, compression: '' | 'gzip' | 'zstd' = ''): Promise<Layer> {
  const tar = await tarOf(entries)
  const suffix = compression === '' ? '' : `+${compression}`
  const body = compression === '' ? tar : compression === 'gzip' ? gzipSync(tar) : zstdCompressSync(tar)
  return { body, mediaType: `application/vnd.oci.image.layer.v1.tar${suffix}` }
}

const titled = (title: string, body: string, mediaType = 'application/octet-stream'): Layer => ({
  body: Buffer.from(body),
  mediaType,
  annotations: { 'org.opencontainers.image.title': title },
})

describe('an artifact of ORAS', () => {
  test('is staged as oras pull has it, files and folders', async () => {
    const source = join(dir, 'source')
    await mkdir(join(source, 'tokenizer', 'deep'), { recursive: true })
    await writeFile(join(source, 'config.json'), '{}')
    await writeFile(join(source, 'weights.bin'), Buffer.alloc(40 * 2 ** 20, 'weights'))
    await writeFile(join(source, 'empty'), '')
    await writeFile(join(source, 'tokenizer', 'vocab.txt'), 'a b')
    await writeFile(join(source, 'tokenizer', 'deep', 'merges.txt'), 'ab')
    const reference = `${registry.host}/models/oras:v1`
    const files = ['config.json', 'weights.bin:application/x-weights', 'empty', 'tokenizer']
    await run(oras, ['push', '--plain-http', '--no-tty', reference, ...files], { cwd: source })
    const pulled = join(dir, 'pulled')
    await run(oras, ['pull', '--plain-http', '--no-tty', '-o', pulled, reference])

    const { path, revision } = await stage(join(dir, 'volume'), { oci: { reference } })
    expect(await digestedBelow(join(dir, 'volume', path))).toEqual(await digestedBelow(pulled))
    expect(revision).toMatch(/^sha256:/)
    // A large file comes in parts.
    const parts = (await registry.requests()).filter(line => line.endsWith(' 206'))
    expect(parts.length).toBeGreaterThan(2)
  })

  test('is the same snapshot by tag and by digest, also after the tag has moved', async () => {
    const push = (text: string) =>
      registry.push({ repository: 'models/moving', tag: 'v1', layers: [titled('a', text)] })
    const digest = await push('one')
    const one = await staged('models/moving:v1')
    expect(await staged(`models/moving@${digest}`)).toEqual(one)
    await push('two')
    expect(await staged('models/moving:v1')).toEqual({ a: 'two' })
    expect(await staged(`models/moving:v1@${digest}`)).toEqual({ a: 'one' })
  })

  test('leaves out layers without a name, unless there is no other', async () => {
    const nameless = { body: Buffer.from('x'), mediaType: 'application/x-other' }
    const some = await pushed({ layers: [nameless, titled('a', 'a')], configType: 'application/x-config' })
    expect(await staged(some)).toEqual({ a: 'a' })
    const none = await pushed({ layers: [nameless], configType: 'application/x-config' })
    const { reason, message } = await failureOf(staged(none))
    expect(reason).toBe('SourceNotFound')
    expect(message).toContain('org.opencontainers.image.title')
  })

  test.each(['../up', '/absolute', 'a/../../b'])('with file %s is rejected', async name => {
    const reference = await pushed({ layers: [titled(name, 'x')], configType: 'application/x-config' })
    expect((await failureOf(staged(reference))).reason).toBe('FileNameInvalid')
  })
})

describe('artifacts of other tools are laid out as those do it:', () => {
  const at = (path: string) => ({ 'org.cncf.model.filepath': path })

  test('ModelPack', async () => {
    const type = (suffix: string) => `application/vnd.cncf.model.${suffix}`
    const tar = (name: string) => tarOf([[name, name]])
    const layers: Layer[] = [
      { body: Buffer.from('{}'), mediaType: type('weight.config.v1.raw'), annotations: at('config.json') },
      { body: Buffer.from('w'), mediaType: type('weight.v1.raw'), annotations: at('sub/model.safetensors') },
      { body: await tar('a.txt'), mediaType: type('weight.v1.tar'), annotations: at('a.txt') },
      { body: gzipSync(await tar('code/b')), mediaType: type('code.v1.tar+gzip'), annotations: at('code') },
      {
        body: zstdCompressSync(await tar('doc/c')),
        mediaType: type('doc.v1.tar+zstd'),
        annotations: at('doc'),
      },
      {
        body: Buffer.from('old'),
        mediaType: 'application/vnd.cnai.model.dataset.v1.raw',
        annotations: { 'org.cnai.model.filepath': 'data.csv' },
      },
    ]
    const reference = await pushed({ layers, configType: type('config.v1+json') })
    expect(await staged(reference)).toEqual({
      ...{ 'config.json': '{}', 'sub/model.safetensors': 'w', 'a.txt': 'a.txt' },
      ...{ 'code/b': 'code/b', 'doc/c': 'doc/c', 'data.csv': 'old' },
    })
  })

  test('KitOps', async () => {
    const type = (kind: string) => `application/vnd.kitops.modelkit.${kind}`
    const layers: Layer[] = [
      { body: gzipSync(await tarOf([['model/w', 'w']])), mediaType: type('model.v1.tar+gzip') },
      { body: gzipSync(await tarOf([['model/part', 'p']])), mediaType: type('modelpart.v1.tar+gzip') },
      { body: await tarOf([['README.md', 'docs']]), mediaType: type('docs.v1.tar') },
    ]
    const reference = await pushed({ layers, configType: type('config.v1+json') })
    expect(await staged(reference)).toEqual({ 'model/w': 'w', 'model/part': 'p', 'README.md': 'docs' })
  })

  test('Docker', async () => {
    const type = (kind: string) => `application/vnd.docker.ai.${kind}`
    const blob = (kind: string, body: string, annotations?: Record<string, string>): Layer => ({
      ...{ body: Buffer.from(body), mediaType: type(kind) },
      ...(annotations && { annotations }),
    })
    const layers = [
      ...[blob('gguf.v3', 'one'), blob('gguf.v3', 'two'), blob('license', 'MIT'), blob('mmproj', 'eyes')],
      blob('chat.template.jinja', '{{ }}'),
      blob('safetensors', 'w', at('nested/model.safetensors')),
      { body: await tarOf([['config.json', '{}']]), mediaType: type('vllm.config.tar') },
    ]
    const reference = await pushed({ layers, configType: type('model.config.v0.1+json') })
    expect(await staged(reference)).toEqual({
      ...{ 'model-00001-of-00002.gguf': 'one', 'model-00002-of-00002.gguf': 'two', LICENSE: 'MIT' },
      ...{ 'model.mmproj': 'eyes', 'template.jinja': '{{ }}', 'nested/model.safetensors': 'w' },
      'config.json': '{}',
    })
  })

  test('Ollama, whose config looks like that of an image', async () => {
    const layer = (kind: string) => ({
      body: Buffer.from(kind),
      mediaType: `application/vnd.ollama.image.${kind}`,
    })
    const reference = await pushed({
      layers: ['model', 'template', 'license'].map(layer),
      configType: 'application/vnd.docker.container.image.v1+json',
    })
    expect(await staged(reference)).toEqual({
      'model.gguf': 'model',
      template: 'template',
      LICENSE: 'license',
    })
  })
})

describe('a container image', () => {
  test('is what a container would see: whiteouts, replaced files and folders, links', async () => {
    const layers = [
      await imageLayer([
        ['keep/a', 'a'],
        ['keep/gone', 'x'],
        ['removed/deep/x', 'x'],
        ['opaque/old', 'x'],
        ['file-to-folder', 'x'],
        ['folder-to-file/x', 'x'],
        ['twice', 'first'],
        ['target', 'version 1'],
        ['hard', { link: 'target', type: 'link' }],
      ]),
      await imageLayer(
        [
          ['keep/.wh.gone', ''],
          ['.wh.removed', ''],
          // What the same layer has stays, wherever it stands.
          ['opaque/new', 'new'],
          ['opaque/.wh..wh..opq', ''],
          ['file-to-folder/b', 'b'],
          ['folder-to-file', 'now a file'],
          ['./twice', 'second'],
          ['target', 'version 2'],
          ['.wh..wh.plnk', ''],
        ],
        'gzip',
      ),
      await imageLayer(
        [
          ['link', { link: 'keep/a' }],
          ['keep/up', { link: '../target' }],
          ['keep/absolute', { link: '/opaque/new' }],
          ['keep/above', { link: '../../../../target' }],
          ['other-hard', { link: '/keep/a', type: 'link' }],
        ],
        'zstd',
      ),
    ]
    expect(await staged(await pushed({ layers }))).toEqual({
      ...{ 'keep/a': 'a', 'opaque/new': 'new', 'file-to-folder/b': 'b', 'folder-to-file': 'now a file' },
      ...{ twice: 'second', target: 'version 2', hard: 'version 1', link: 'a', 'other-hard': 'a' },
      ...{ 'keep/up': 'version 2', 'keep/absolute': 'new', 'keep/above': 'version 2' },
    })
  })

  const base: Entries = [
    ['usr/bin/tool', 'x'],
    ['bin', { link: 'usr/bin' }],
    ['etc/passwd', 'root'],
  ]

  test('with /models is staged from there, whatever its base has', async () => {
    const layers = [
      await imageLayer(base),
      await imageLayer([
        ['models/config.json', '{}'],
        ['models/1/weights', 'w'],
        ['models/latest', { link: '1/weights' }],
      ]),
    ]
    expect(await staged(await pushed({ layers }))).toEqual({
      ...{ 'config.json': '{}', '1/weights': 'w', latest: 'w' },
    })
  })

  test('is staged from the path that its author names, a folder or a file', async () => {
    const layers = [
      await imageLayer([...base, ['opt/llama/a', 'a'], ['opt/llama/b/c', 'c'], ['opt/llama2/x', 'x']]),
    ]
    const reference = await pushed({ layers })
    expect(await staged(reference, { path: '/opt/llama' })).toEqual({ a: 'a', 'b/c': 'c' })
    expect(await staged(reference, { path: '/opt/llama/b/c' })).toEqual({ c: 'c' })
    const { reason, message } = await failureOf(staged(reference, { path: '/opt/nothing' }))
    expect([reason, message]).toEqual([
      'SourceNotFound',
      'the image has nothing at "/opt/nothing"; correct path',
    ])
  })

  test('without /models whose base has links to folders is rejected, with what to do', async () => {
    const { reason, message } = await failureOf(staged(await pushed({ layers: [await imageLayer(base)] })))
    expect(reason).toBe('ArchiveInvalid')
    expect(message).toContain('entry "bin" is a link to "usr/bin"')
    expect(message).toContain('set spec.artifact.source.oci.path')
  })

  test.each([
    ['out of the image', 'models/evil', { link: '/etc/shadow' } as const],
    ['a name that goes up', 'models/../../../models/\u0007', 'x'],
  ])('with %s is rejected', async (_, name, content) => {
    const layers = [await imageLayer([['models/a', 'a']]), await imageLayer([[name, content]])]
    expect((await failureOf(staged(await pushed({ layers })))).reason).toMatch(
      /ArchiveInvalid|FileNameInvalid/,
    )
  })

  test('whose layers have no files is rejected', async () => {
    const layers = [await imageLayer([]), await imageLayer([['.wh.nothing', '']])]
    expect((await failureOf(staged(await pushed({ layers })))).reason).toBe('SourceNotFound')
  })

  test('with an encrypted layer is rejected by its type', async () => {
    const layer = await imageLayer([['a', 'a']])
    const layers = [{ ...layer, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' }]
    const { reason, message } = await failureOf(staged(await pushed({ layers })))
    expect(reason).toBe('NotImplemented')
    expect(message).toContain('+encrypted')
  })
})

describe('an index', () => {
  const INDEX = 'application/vnd.oci.image.index.v1+json'

  async function index(images: readonly { text: string; platform?: object; annotations?: object }[]) {
    const manifests: object[] = []
    for (const { text, ...more } of images) {
      const layers = [await imageLayer([['models/which', text]])]
      tag += 1
      const digest = await registry.push({ repository: 'models/index', tag: `part-${tag}`, layers })
      const of = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 }
      const url = `http://${registry.host}/v2/models/index/manifests/${digest}`
      const { headers } = await fetch(url, { method: 'HEAD', headers: { accept: of.mediaType } })
      manifests.push({ ...of, size: Number(headers.get('content-length')), ...more })
    }
    const name = `index-${tag}`
    await registry.pushManifest('models/index', name, { schemaVersion: 2, mediaType: INDEX, manifests })
    return `models/index:${name}`
  }
  const on = (platform: string) => {
    const [os, architecture, variant] = platform.split('/')
    return { text: platform, platform: { os, architecture, ...(variant && { variant }) } }
  }
  const attestation = {
    text: 'about it',
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  }

  test('gives the image of the platform, by default linux/amd64', async () => {
    const reference = await index([on('linux/arm64/v8'), on('linux/amd64'), attestation])
    expect(await staged(reference)).toEqual({ which: 'linux/amd64' })
    expect(await staged(reference, { platform: 'linux/arm64' })).toEqual({ which: 'linux/arm64/v8' })
    const { message } = await failureOf(staged(reference, { platform: 'linux/s390x' }))
    expect(message).toContain('for linux/s390x, but for linux/arm64/v8, linux/amd64; set platform')
  })

  test('with one image gives that, whatever its platform is', async () => {
    expect(await staged(await index([on('linux/arm64'), attestation]))).toEqual({ which: 'linux/arm64' })
  })
})

test('a reference to nothing says so', async () => {
  const { reason, message } = await failureOf(staged('models/none:v1'))
  expect(reason).toBe('SourceNotFound')
  expect(message).toContain('/v2/models/none/manifests/v1 answers 404')
})
