import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { filesBelow, sha256 } from '../../src/hydrate/fixtures.ts'
import type { HydrateOptions } from '../../src/hydrate/hydrate.ts'
import { type GcsServer, serveGcs } from '../sources/gcs.ts'
import { serveBy } from '../sources/serve-by.ts'
import { tarOf } from './support/archives.ts'
import { failureOf, stage } from './support/stage-in-process.ts'

// The server is fake-gcs-server. What it cannot do is said by a server of the test.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 600_000 })

let server: GcsServer
let dir: string

beforeAll(async () => {
  server = await serveGcs()
  await server.createBucket('models')
})
afterAll(() => server?.[Symbol.asyncDispose]())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-gcs-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

type Gcs = NonNullable<HydrateOptions['source']['gcs']>

async function staged(uri: string, more: Partial<Gcs> = {}) {
  const { path } = await stage(dir, { gcs: { uri, endpoint: server.url, ...more } })
  return filesBelow(join(dir, path))
}

describe('objects below a prefix', () => {
  test('are staged by their names, without markers of folders', async () => {
    const objects = { 'config.json': '{}', 'sub dir/ä+&%.bin': 'w', '': '', 'empty/': '', 'empty.txt': '' }
    for (const [name, body] of Object.entries(objects)) await server.put('models', `llama/${name}`, body)
    await server.put('models', 'llama-70b/config.json', 'other')
    const expected = { 'config.json': '{}', 'sub dir/ä+&%.bin': 'w', 'empty.txt': '' }
    expect(await staged('gs://models/llama/')).toEqual(expected)
    expect(await staged('gs://models/llama')).toEqual(expected)
  })

  test('come in parts if they are large, checked against the MD5', async () => {
    const body = Buffer.alloc(40 * 2 ** 20, 'weights ')
    await server.put('models', 'large/weights.bin', body)
    const { path } = await stage(dir, { gcs: { uri: 'gs://models/large/', endpoint: server.url } })
    const files = await filesBelow(join(dir, path))
    expect(sha256(files['weights.bin'] ?? '')).toBe(sha256(body))
  })

  test('are staged again after one of them has changed', async () => {
    await server.put('models', 'changing/a', 'one')
    expect(await staged('gs://models/changing/')).toEqual({ a: 'one' })
    await server.put('models', 'changing/a', 'two')
    expect(await staged('gs://models/changing/')).toEqual({ a: 'two' })
  })
})

test('one object is staged by its last name, and an archive is unpacked', async () => {
  await server.put('models', 'one/model.gguf', 'g')
  await server.put('models', 'one/model.tar', await tarOf([['a/b', 'b']]))
  expect(await staged('gs://models/one/model.gguf')).toEqual({ 'model.gguf': 'g' })
  expect(await staged('gs://models/one/model.tar')).toEqual({ 'a/b': 'b' })
})

test.each([
  ['gs://models/nothing/', /bucket "models" has no object "nothing\/"/],
  ['gs://absent/x', /answers 404/],
])('%s does not exist', async (uri, words) => {
  const { reason, message } = await failureOf(staged(uri))
  expect(reason).toBe('SourceNotFound')
  expect(message).toMatch(words)
})

/** A bucket with one object, as Google would answer. */
function aBucket(item: object, media: { body: Buffer; headers?: Record<string, string> }) {
  const asked: { url: string; authorization: string | undefined }[] = []
  const served = serveBy((request, response) => {
    const url = request.url ?? ''
    asked.push({ url, authorization: request.headers.authorization })
    if (url.startsWith('/token')) {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ access_token: 'canary-token', expires_in: 3600, token_type: 'Bearer' }))
    } else if (url.includes('alt=media')) {
      response.writeHead(200, { 'content-length': media.body.length, ...media.headers }).end(media.body)
    } else {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ items: [{ name: 'm/a', generation: '7', ...item }] }))
    }
  })
  return { served, asked }
}

const body = Buffer.from('weights')
const md5 = (of: Buffer) => createHash('md5').update(of).digest('base64')

describe('an object', () => {
  test('that does not have its checksum is rejected', async () => {
    const { served } = aBucket({ size: '7', md5Hash: md5(Buffer.from('other')) }, { body })
    await using bucket = await served
    const { reason } = await failureOf(staged('gs://models/m/', { endpoint: bucket.url }))
    expect(reason).toBe('ChecksumMismatch')
  })

  test('that was composed has a CRC-32C alone, which counts', async () => {
    const { served } = aBucket({ size: '7', crc32c: 'AAAAAA==' }, { body })
    await using bucket = await served
    const { message } = await failureOf(staged('gs://models/m/', { endpoint: bucket.url }))
    expect(message).toContain('crc32c')
  })

  test('that was stored compressed is staged as the server decodes it', async () => {
    const packed = gzipSync(body)
    const { served } = aBucket(
      { size: `${packed.length}`, md5Hash: md5(packed), contentEncoding: 'gzip' },
      { body },
    )
    await using bucket = await served
    expect(await staged('gs://models/m/', { endpoint: bucket.url })).toEqual({ a: 'weights' })
  })

  test('is asked for at its generation, paid by the project, with the token of the account', async () => {
    const { served, asked } = aBucket({ size: '7', md5Hash: md5(body) }, { body })
    await using bucket = await served
    await writeFile(join(dir, 'identity'), 'identity-of-the-pod')
    const account = {
      ...{
        type: 'external_account',
        audience: 'a',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      },
      ...{ token_url: `${bucket.url}/token`, credential_source: { file: join(dir, 'identity') } },
    }
    const gcs = {
      uri: 'gs://models/m/',
      endpoint: bucket.url,
      userProject: 'paying',
      secretRef: { name: 'google' },
    }
    const secretKey = async (_: string, names: readonly string[]) =>
      names.includes('key.json') ? JSON.stringify(account) : undefined
    await stage(dir, { gcs }, { secretKey })
    const [, media] = asked.filter(({ url }) => !url.startsWith('/token'))
    expect(media?.url).toContain('generation=7')
    expect(media?.url).toContain('userProject=paying')
    expect(media?.authorization).toBe('Bearer canary-token')
  })
})

test.each<[string, string | undefined, string]>([
  ['without a key', undefined, 'SecretNotFound'],
  ['with a key that is no account', '{"private_key":"x"}', 'SecretMalformed'],
  [
    'with an account that gets no token',
    '{"type":"service_account","client_email":"a","private_key":"x"}',
    'Unauthorized',
  ],
])('a Secret %s is said to be so', async (_, held, reason) => {
  const gcs = { uri: 'gs://models/m/', endpoint: server.url, secretRef: { name: 'google' } }
  const failure = await failureOf(stage(dir, { gcs }, { secretKey: async () => held }))
  expect(failure.reason).toBe(reason)
})
