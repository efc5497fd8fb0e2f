import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { AWS_SECRET_KEYS } from '../../src/api/aws-secret-keys.ts'
import { filesBelow, sha256 } from '../../src/hydrate/fixtures.ts'
import type { HydrateOptions } from '../../src/hydrate/hydrate.ts'
import { credentialSource } from '../../src/hydrate/sources/s3/credentials.ts'
import { PAGE, type S3Server, serveS3 } from '../sources/s3.ts'
import { tarOf } from './support/archives.ts'
import { contextOf, failureOf, stage } from './support/stage-in-process.ts'

// The server is moto. The official Python client fills its buckets.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

const KEYS = { AWS_ACCESS_KEY_ID: 'tests', AWS_SECRET_ACCESS_KEY: 'canary-secret' }

let server: S3Server
let dir: string

beforeAll(async () => {
  server = await serveS3()
})
afterAll(() => server?.[Symbol.asyncDispose]())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-s3-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(dir, { recursive: true, force: true })
})

type S3 = NonNullable<HydrateOptions['source']['s3']>

const stageS3 = (
  uri: string,
  { keys = KEYS, ...more }: Partial<S3> & { keys?: Readonly<Record<string, string>> } = {},
) =>
  stage(
    dir,
    { s3: { uri, endpoint: server.url, secretRef: { name: 's3' }, ...more } },
    { secretKey: async (_, names) => names.map(name => keys[name]).find(each => each !== undefined) },
  )

describe('objects below a prefix', () => {
  test('are staged as they are stored, also with an encoding', async () => {
    await server.python(`
s3.create_bucket(Bucket='encoded')
s3.put_object(Bucket='encoded', Key='m/a', Body=b'not really gzip', ContentEncoding='gzip')
`)
    const { path } = await stageS3('s3://encoded/m/')
    expect(await filesBelow(join(dir, path))).toEqual({ a: 'not really gzip' })
  })

  test('are staged by their keys, without markers of folders', async () => {
    await server.python(`
s3.create_bucket(Bucket='models')
for key, body in {'llama/config.json': '{}', 'llama/sub dir/ä+&%.bin': 'w', 'llama/': '', 'llama/empty/': '', 'llama/empty.txt': '', 'llama-70b/config.json': 'other'}.items():
  s3.put_object(Bucket='models', Key=key, Body=body.encode())
`)
    const expected = { 'config.json': '{}', 'sub dir/ä+&%.bin': 'w', 'empty.txt': '' }
    for (const uri of ['s3://models/llama/', 's3://models/llama']) {
      const { path } = await stageS3(uri)
      expect(await filesBelow(join(dir, path))).toEqual(expected)
    }
  })

  test('may be more than fit on a page', async () => {
    await server.python(`
s3.create_bucket(Bucket='many')
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
  list(pool.map(lambda i: s3.put_object(Bucket='many', Key=f'm/{i:04}', Body=str(i).encode()), range(${2 * PAGE + 3})))
`)
    const { files, path } = await stageS3('s3://many/m/')
    expect(files).toBe(2 * PAGE + 3)
    expect(await readFile(join(dir, path, '0012'), 'utf8')).toBe('12')
  })

  test('are another source once one of them changes', async () => {
    await server.python(`
s3.create_bucket(Bucket='moving')
s3.put_object(Bucket='moving', Key='a', Body=b'one')
`)
    const first = await stageS3('s3://moving')
    await server.python(`s3.put_object(Bucket='moving', Key='a', Body=b'two')`)
    const second = await stageS3('s3://moving')
    expect(await filesBelow(join(dir, second.path))).toEqual({ a: 'two' })
    expect(second.digest).not.toBe(first.digest)
  })
})

describe('one object', () => {
  test('is staged under the last part of its key, and an archive is unpacked', async () => {
    const tar = await tarOf([
      ['config.json', '{}'],
      ['sub/weights', 'w'],
    ])
    await server.python(`
s3.create_bucket(Bucket='single')
s3.put_object(Bucket='single', Key='a/b/model.gguf', Body=b'w')
import base64
s3.put_object(Bucket='single', Key='a/model.tar', Body=base64.b64decode('${tar.toString('base64')}'))
`)
    expect(await filesBelow(join(dir, (await stageS3('s3://single/a/b/model.gguf')).path))).toEqual({
      'model.gguf': 'w',
    })
    expect(await filesBelow(join(dir, (await stageS3('s3://single/a/model.tar')).path))).toEqual({
      'config.json': '{}',
      'sub/weights': 'w',
    })
  })

  test.each([
    ['in one piece', `s3.put_object(Bucket='large', Key='model.bin', Body=body)`],
    ...['SHA256', 'SHA1', 'CRC32', 'CRC32C', 'CRC64NVME'].map(algorithm => [
      `with ${algorithm}`,
      `s3.put_object(Bucket='large', Key='model.bin', Body=body, ChecksumAlgorithm='${algorithm}')`,
    ]),
    [
      'in parts',
      `
from boto3.s3.transfer import TransferConfig
import io
s3.upload_fileobj(io.BytesIO(body), 'large', 'model.bin', Config=TransferConfig(multipart_threshold=8*2**20, multipart_chunksize=8*2**20))`,
    ],
  ])('of 20 MiB that was put %s is whole', async (_, put) => {
    const sum = await server.python(`
import hashlib
try: s3.create_bucket(Bucket='large')
except Exception: pass
body = bytes(range(256)) * (20 * 4096) + b'x'
${put}
print(hashlib.sha256(body).hexdigest())
`)
    const { path } = await stageS3('s3://large/model.bin')
    expect(sha256(await readFile(join(dir, path, 'model.bin')))).toBe(sum)
  })
})

describe('credentials', () => {
  const SOURCE = 's3://models/llama/'

  test.each(
    AWS_SECRET_KEYS.accessKeyId.map(
      (name, index) => [name, AWS_SECRET_KEYS.secretAccessKey[index] ?? ''] as const,
    ),
  )('are found in a Secret under %s and %s', async (id, secret) => {
    const { files } = await stageS3(SOURCE, { keys: { [id]: 'tests', [secret]: 'canary-secret' } })
    expect(files).toBe(3)
  })

  test('that a Secret has only half of are named', async () => {
    const { reason, message } = await failureOf(stageS3(SOURCE, { keys: { AWS_ACCESS_KEY_ID: 'tests' } }))
    expect({ reason, message }).toEqual({
      reason: 'SecretNotFound',
      message: expect.stringContaining('has no key AWS_SECRET_ACCESS_KEY'),
    })
  })

  test('come from the pod if no Secret is named', async () => {
    for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value)
    expect((await stage(dir, { s3: { uri: SOURCE, endpoint: server.url } })).files).toBe(3)
  })
})

describe('the identity of a pod', () => {
  const SOURCE = { s3: { uri: 's3://models/llama/' } }
  const given = { AccessKeyId: 'tests', SecretAccessKey: 'canary-secret', Token: 'canary-session' }
  const ANSWER = JSON.stringify({ ...given, Code: 'Success', Expiration: '2099-01-01T00:00:00Z' })
  let asked: { path: string; authorization: string | undefined }[]
  let agent: Server
  let address: string

  beforeEach(async () => {
    asked = []
    // Whoever hands out credentials, in the forms of the pod identity agent and of the metadata service.
    agent = createServer((request, response) => {
      const { url: path = '', headers } = request
      asked.push({ path, authorization: headers.authorization })
      const isRole = path.endsWith('/security-credentials/')
      response.end(path.endsWith('/api/token') ? 'token' : isRole ? 'role' : ANSWER)
    })
    await new Promise<void>(resolve => agent.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${(agent.address() as AddressInfo).port}`
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined)
  })
  afterEach(() => {
    agent.closeAllConnections()
    agent.close()
  })

  const credentials = async (endpoint?: string) => (await credentialSource({ endpoint }, contextOf(SOURCE)))()

  test('is a web identity (IRSA)', async () => {
    await writeFile(join(dir, 'token'), 'a.b.c')
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(dir, 'token'))
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/models')
    vi.stubEnv('AWS_REGION', 'us-east-1')
    vi.stubEnv('AWS_ENDPOINT_URL_STS', server.url)
    expect(await credentials()).toMatchObject({
      accessKeyId: expect.stringMatching(/^ASIA/),
      sessionToken: expect.stringMatching(/./),
      expiration: expect.any(Date),
    })
  })

  test('comes from the pod identity agent', async () => {
    await writeFile(join(dir, 'token'), 'canary-token')
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${address}/v1/credentials`)
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', join(dir, 'token'))
    expect(await credentials()).toMatchObject({ accessKeyId: 'tests', sessionToken: 'canary-session' })
    expect(asked).toEqual([{ path: '/v1/credentials', authorization: 'canary-token' }])
  })

  test('comes from the metadata of the instance, for AWS alone', async () => {
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', address)
    expect(await credentials('http://minio:9000')).toBeUndefined()
    expect(asked).toEqual([])
    expect(await credentials()).toMatchObject({ accessKeyId: 'tests', sessionToken: 'canary-session' })
  })

  test('that the agent refuses is Unauthorized', async () => {
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://127.0.0.1:9/none')
    expect(await failureOf(credentials())).toMatchObject({
      reason: 'Unauthorized',
      message: expect.stringContaining('the identity agent of the pod gives no credentials'),
    })
  })
})

test.each([
  ['a bucket that does not exist', 's3://nowhere/x/', 'NoSuchBucket'],
  ['a key that does not exist', 's3://models/gone', 'no object "gone"'],
])('%s is SourceNotFound', async (_, uri, words) => {
  const { reason, message } = await failureOf(stageS3(uri))
  expect({ reason, message }).toEqual({ reason: 'SourceNotFound', message: expect.stringContaining(words) })
})
