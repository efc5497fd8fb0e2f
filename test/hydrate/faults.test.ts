import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import { createHttp } from '../../src/hydrate/fetch/http.ts'
import { sha256 } from '../../src/hydrate/fixtures.ts'
import type { HydrateOptions } from '../../src/hydrate/hydrate.ts'
import { ACCOUNT, KEY, serveAzure } from '../sources/azure.ts'
import { FAULTS, type FaultName, faultProxy } from '../sources/fault-proxy.ts'
import { serveGcs } from '../sources/gcs.ts'
import { serveHub } from '../sources/hub.ts'
import { serveRegistry } from '../sources/registry.ts'
import { serveS3 } from '../sources/s3.ts'
import { serveWeb } from '../sources/web.ts'
import { tarOf } from './support/archives.ts'
import { digestedBelow } from './support/digested-below.ts'
import { hydrate, manifestOf } from './support/run-hydrate.ts'
import { stage } from './support/stage-in-process.ts'

// Every source behind a proxy that does what networks and servers do. Each ends complete and verified, or
// with a reason that says what it was.

vi.setConfig({ testTimeout: 180_000, hookTimeout: 900_000, maxConcurrency: 4 })

type Source = HydrateOptions['source']

/** Large enough to come in parts. */
const WEIGHTS = randomBytes(17 * 2 ** 20 + 5)
const CONFIG = randomBytes(100_000)
const FILES = { 'config.json': CONFIG, 'weights.bin': WEIGHTS }

let dir: string
const servers: AsyncDisposable[] = []
const urls = new Map<string, string>()

/** The source of each kind, at that server. */
const SOURCES: Record<string, (url: string) => Source> = {
  'a hub': endpoint => ({ huggingFace: { repo: 'example/model', revision: 'main', endpoint } }),
  s3: endpoint => ({ s3: { uri: 's3://models/m/', endpoint, secretRef: { name: 's' } } }),
  'a URL': url => ({ http: { url: `${url}/weights.bin`, sha256: sha256(WEIGHTS) } }),
  'a URL without checksum': url => ({ http: { url: `${url}/weights.bin` } }),
  'a tar': url => ({ http: { url: `${url}/model.tar`, sha256: tarSum } }),
  'a registry': url => ({ oci: { reference: `${new URL(url).host}/models/artifact:v1` } }),
  'an image': url => ({ oci: { reference: `${new URL(url).host}/models/image:v1` } }),
  gcs: endpoint => ({ gcs: { uri: 'gs://models/m/', endpoint } }),
  azure: url => ({
    azure: {
      account: ACCOUNT,
      uri: 'az://models/m/',
      endpoint: `${url}/${ACCOUNT}`,
      secretRef: { name: 's' },
    },
  }),
}
let tarSum = ''

const CANARY = 'canary-secret'
const SECRETS: Record<string, string> = {
  AWS_ACCESS_KEY_ID: 'tests',
  AWS_SECRET_ACCESS_KEY: CANARY,
  AZURE_STORAGE_KEY: KEY,
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-faults-'))
  const folder = join(dir, 'model')
  await mkdir(folder)
  for (const [name, body] of Object.entries(FILES)) await writeFile(join(folder, name), body)
  const keep = <S extends AsyncDisposable>(server: S): S => {
    servers.push(server)
    return server
  }
  const hub = keep(await serveHub({ repos: { 'example/model': { folder } } }))
  const s3 = keep(await serveS3())
  await s3.python(`
s3.create_bucket(Bucket='models')
for name in os.listdir('${folder}'): s3.put_object(Bucket='models', Key='m/' + name, Body=open('${folder}/' + name, 'rb').read(), ChecksumAlgorithm='SHA256')
`)
  const tar = await tarOf(Object.entries(FILES))
  tarSum = sha256(tar)
  const web = keep(
    await serveWeb({
      '/weights.bin': { body: WEIGHTS, etag: '"v1"' },
      '/model.tar': { body: tar, etag: '"v1"' },
    }),
  )
  const registry = keep(await serveRegistry())
  const title = (name: string) => ({ 'org.opencontainers.image.title': name })
  await registry.push({
    repository: 'models/artifact',
    tag: 'v1',
    configType: 'application/x-config',
    layers: Object.entries(FILES).map(([name, body]) => ({
      body,
      mediaType: 'application/octet-stream',
      annotations: title(name),
    })),
  })
  const layer = gzipSync(await tarOf(Object.entries(FILES).map(([name, body]) => [`models/${name}`, body])))
  const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip'
  await registry.push({ repository: 'models/image', tag: 'v1', layers: [{ body: layer, mediaType }] })
  const gcs = keep(await serveGcs())
  await gcs.createBucket('models')
  for (const [name, body] of Object.entries(FILES)) await gcs.put('models', `m/${name}`, body)
  const azure = keep(await serveAzure())
  await azure.python(`
import hashlib
service.create_container('models')
for name in os.listdir('${folder}'):
  body = open('${folder}/' + name, 'rb').read()
  settings = ContentSettings(content_md5=bytearray(hashlib.md5(body).digest()))
  service.get_container_client('models').upload_blob('m/' + name, body).set_http_headers(settings)
`)
  const of: Record<string, string> = {
    ...{ 'a hub': hub.url, s3: s3.url, 'a URL': web.url, 'a tar': web.url, gcs: gcs.url, azure: azure.url },
    ...{ 'a URL without checksum': web.url },
    ...{ 'a registry': `http://${registry.host}`, 'an image': `http://${registry.host}` },
  }
  for (const [name, url] of Object.entries(of)) urls.set(name, url)
})
afterAll(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]()
  if (dir !== undefined) await rm(dir, { recursive: true, force: true })
})

/** Reasons with which a source may end behind a fault that does not pass. Any other fault passes. */
const ENDS: Partial<Record<FaultName, readonly string[]>> = {
  'damages each answer': ['ChecksumMismatch', 'SourceUnavailable', 'ArchiveInvalid'],
  'changes midway': ['ChecksumMismatch', 'SourceUnavailable', 'SourceChanged', 'ArchiveInvalid'],
  'answers with another range': ['SourceChanged', 'SourceUnavailable'],
}
/** Without a checksum, nobody can tell. And the signature of a request to Azure covers the range. */
const IMPOSSIBLE: Record<string, readonly FaultName[]> = {
  'a URL without checksum': ['damages a byte once', 'damages each answer'],
  azure: ['has no ranges'],
}

const cells = Object.keys(SOURCES).flatMap(source =>
  (Object.keys(FAULTS) as FaultName[]).map(fault => ({ source, fault })),
)

describe.concurrent('a source behind a proxy', () => {
  test.for(cells.filter(({ source, fault }) => !IMPOSSIBLE[source]?.includes(fault)))(
    '$source that $fault',
    async ({ source, fault }, { expect: its }) => {
      await using proxy = await faultProxy(urls.get(source) ?? '', fault)
      const into = join(dir, createHash('sha256').update(`${source} ${fault}`).digest('hex').slice(0, 16))
      const http = createHttp({ pace: { bytesPerSecond: 10 * 1024, overMs: 1_500 } })
      const secretKey = async (_: string, names: readonly string[]) =>
        names.map(name => SECRETS[name]).find(each => each !== undefined)
      const ended = await stage(into, SOURCES[source]?.(proxy.url) ?? {}, { http, secretKey }).then(
        ({ path }) => path,
        (error: { reason?: string; message: string }) => ({ reason: error.reason, message: error.message }),
      )
      if (typeof ended === 'string') {
        const found = await digestedBelow(join(into, ended))
        const expected = source.startsWith('a URL') ? { 'weights.bin': WEIGHTS } : FILES
        its(Object.fromEntries(found.map(file => [file.path, file.sha256]))).toEqual(
          Object.fromEntries(Object.entries(expected).map(([name, body]) => [name, sha256(body)])),
        )
      } else {
        its(ENDS[fault] ?? [], ended.message).toContain(ended.reason)
        // And nothing is there that somebody could take for a snapshot.
        its(await readdir(join(into, 'snapshots')).catch(() => [])).toEqual([])
      }
    },
  )
})

describe.concurrent('a secret is nowhere but where it belongs, with', () => {
  const ref = { secretRef: { name: 's' } }
  const token = { secretRef: { name: 's', key: 'token' } }
  const WITH_SECRETS: Record<string, (url: string) => object> = {
    'a hub': endpoint => ({ huggingFace: { repo: 'example/model', endpoint, ...token } }),
    s3: endpoint => ({ s3: { uri: 's3://models/m/', endpoint, ...ref } }),
    'a URL': url => ({ http: { url: `${url}/weights.bin`, ...token } }),
    'a registry': url => ({ oci: { reference: `${new URL(url).host}/models/artifact:v1`, ...ref } }),
    azure: url => ({
      azure: { account: ACCOUNT, uri: 'az://models/m/', endpoint: `${url}/${ACCOUNT}`, ...ref },
    }),
  }
  const faults: FaultName[] = ['none', 'damages each answer', 'has errors']
  const all = Object.keys(WITH_SECRETS).flatMap(source => faults.map(fault => ({ source, fault })))

  test.for(all)('$source that $fault', async ({ source, fault }, { expect: its }) => {
    await using proxy = await faultProxy(urls.get(source) ?? '', fault)
    const place = await mkdtemp(join(dir, 'canary-'))
    const secrets = { ...SECRETS, token: CANARY, '.dockerconfigjson': dockerConfig(proxy.url) }
    await mkdir(join(place, 'secrets/s'), { recursive: true })
    for (const [name, held] of Object.entries(secrets)) await writeFile(join(place, 'secrets/s', name), held)
    const manifest = manifestOf(WITH_SECRETS[source]?.(proxy.url) ?? {})
    const volume = join(place, 'volume')
    const ended = await hydrate(manifest, ['--into', volume, '--secrets', join(place, 'secrets')])
    const written = await digestedBelow(volume)
    its(written.length).toBeGreaterThan(0)
    const texts = await Promise.all(
      written.filter(({ size }) => size < 2 ** 20).map(({ path }) => readFile(join(volume, path), 'latin1')),
    )
    for (const text of [...texts, ...ended.lines, ended.stderr, ...written.map(({ path }) => path)])
      for (const canary of [CANARY, KEY, KEY.slice(0, 20)]) its(text).not.toContain(canary)
  })
})

function dockerConfig(url: string): string {
  const { host } = new URL(url)
  return JSON.stringify({ auths: { [host]: { username: 'tests', password: CANARY } } })
}
