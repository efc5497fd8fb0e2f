import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { filesBelow, sha256 } from '../../src/hydrate/fixtures.ts'
import type { HydrateOptions } from '../../src/hydrate/hydrate.ts'
import { azureAccess } from '../../src/hydrate/sources/azure/credentials.ts'
import { ACCOUNT, type AzureServer, KEY, serveAzure } from '../sources/azure.ts'
import { serveBy } from '../sources/serve-by.ts'
import { tarOf } from './support/archives.ts'
import { contextOf, failureOf, stage } from './support/stage-in-process.ts'

// The server is Azurite, which checks signatures. The official Python client fills its containers.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 900_000 })

let server: AzureServer
let dir: string

beforeAll(async () => {
  server = await serveAzure()
  await server.python(`service.create_container('models')`)
})
afterAll(() => server?.[Symbol.asyncDispose]())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-azure-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(dir, { recursive: true, force: true })
})

type Azure = NonNullable<HydrateOptions['source']['azure']>
type Keys = Readonly<Record<string, string>>

const secretKeyOf = (keys: Keys) => async (_: string, names: readonly string[]) =>
  names.map(name => keys[name]).find(each => each !== undefined)

const stageAzure = (uri: string, keys: Keys = { AZURE_STORAGE_KEY: KEY }, more: Partial<Azure> = {}) =>
  stage(
    dir,
    {
      azure: {
        account: ACCOUNT,
        uri,
        endpoint: `${server.url}/${ACCOUNT}`,
        secretRef: { name: 'azure' },
        ...more,
      },
    },
    { secretKey: secretKeyOf(keys) },
  )

async function staged(...args: Parameters<typeof stageAzure>) {
  const { path } = await stageAzure(...args)
  return filesBelow(join(dir, path))
}

describe('blobs below a prefix', () => {
  test('are staged by their names, without folders', async () => {
    await server.python(`
container = service.get_container_client('models')
for name, body in {'llama/config.json': '{}', 'llama/sub dir/ä+&%.bin': 'w', 'llama/empty.txt': '', 'llama-70b/config.json': 'other'}.items():
  container.upload_blob(name, body.encode())
container.upload_blob('llama/sub dir', b'', metadata={'hdi_isfolder': 'true'})
`)
    const expected = { 'config.json': '{}', 'sub dir/ä+&%.bin': 'w', 'empty.txt': '' }
    expect(await staged('az://models/llama/')).toEqual(expected)
    expect(await staged('az://models/llama')).toEqual(expected)
  })

  test('come page by page, and in parts if they are large', async () => {
    await server.python(`
container = service.get_container_client('models')
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(16) as pool: list(pool.map(lambda index: container.upload_blob('many/%04d' % index, b'x'), range(5100)))
container.upload_blob('large/weights.bin', b'weights ' * (5 * 2 ** 20), max_concurrency=4)
`)
    expect(Object.keys(await staged('az://models/many/'))).toHaveLength(5100)
    const files = await staged('az://models/large/')
    expect(sha256(files['weights.bin'] ?? '')).toBe(sha256(Buffer.alloc(40 * 2 ** 20, 'weights ')))
  })

  test('are checked against the MD5 that their writer gave', async () => {
    await server.python(`
import hashlib
settings = ContentSettings(content_md5=bytearray(hashlib.md5(b'other').digest()))
service.get_container_client('models').upload_blob('wrong/a', b'weights').set_http_headers(settings)
`)
    expect((await failureOf(stageAzure('az://models/wrong/'))).reason).toBe('ChecksumMismatch')
  })

  test('are staged as they are stored, also with an encoding', async () => {
    await server.python(`
settings = ContentSettings(content_encoding='gzip')
service.get_container_client('models').upload_blob('encoded/a', b'not really gzip', content_settings=settings)
`)
    expect(await staged('az://models/encoded/')).toEqual({ a: 'not really gzip' })
  })
})

test('one blob is staged by its last name, and an archive is unpacked', async () => {
  const tar = (await tarOf([['a/b', 'b']])).toString('base64')
  await server.python(`
import base64
container = service.get_container_client('models')
container.upload_blob('one/model.gguf', b'g')
container.upload_blob('one/model.tar', base64.b64decode('${tar}'))
`)
  expect(await staged('az://models/one/model.gguf')).toEqual({ 'model.gguf': 'g' })
  expect(await staged('az://models/one/model.tar')).toEqual({ 'a/b': 'b' })
})

describe('credentials', () => {
  beforeAll(() => server.python(`service.get_container_client('models').upload_blob('keys/a', b'a')`))

  const sas = () =>
    server.python(`
until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
print(generate_container_sas('${ACCOUNT}', 'models', account_key='${KEY}', permission='rl', expiry=until))
`)

  test.each<[string, () => Promise<Keys> | Keys]>([
    ['the key of a claim on Azure Files', () => ({ azurestorageaccountkey: KEY })],
    [
      'a connection string',
      () => ({ connectionString: `DefaultEndpointsProtocol=https;AccountName=${ACCOUNT};AccountKey=${KEY}` }),
    ],
    ['a shared access signature', async () => ({ AZURE_STORAGE_SAS_TOKEN: await sas() })],
    ['one with its question mark', async () => ({ sasToken: `?${await sas()}` })],
  ])('may be %s', async (_, keys) => {
    expect(await staged('az://models/keys/', await keys())).toEqual({ a: 'a' })
  })

  test.each<[string, Keys, Partial<Azure>, string]>([
    ['another key', { AZURE_STORAGE_KEY: Buffer.from('canary').toString('base64') }, {}, 'Unauthorized'],
    ['no key', {}, {}, 'SecretNotFound'],
    ['no Secret', {}, { secretRef: undefined }, 'Unauthorized'],
  ])('with %s the failure says so', async (_, keys, more, reason) => {
    const failure = await failureOf(stageAzure('az://models/keys/', keys, more))
    expect(failure.reason).toBe(reason)
    expect(failure.message).not.toContain('canary')
  })
})

test('a container that does not exist is said', async () => {
  const { reason, message } = await failureOf(stageAzure('az://absent/'))
  expect([reason, message]).toEqual(['SourceNotFound', expect.stringContaining('ContainerNotFound')])
  expect((await failureOf(stageAzure('az://models/nothing/'))).message).toContain('has no blob "nothing/"')
})

describe('a token of Microsoft Entra', () => {
  /** The login server, and what it was asked. */
  async function login() {
    const asked: { path: string | undefined; form: URLSearchParams }[] = []
    const served = await serveBy(async (request, response) => {
      const form = new URLSearchParams(Buffer.concat(await Array.fromAsync(request)).toString())
      asked.push({ path: request.url, form })
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ access_token: `token-${asked.length}`, expires_in: 3600 }))
    })
    vi.stubEnv('AZURE_AUTHORITY_HOST', `${served.url}/`)
    return { asked, served }
  }

  test('is asked for with the web identity of the pod, once', async () => {
    const { asked, served } = await login()
    await using _ = served
    const file = join(dir, 'token')
    await writeFile(file, 'identity-of-the-pod\n')
    vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', file)
    vi.stubEnv('AZURE_TENANT_ID', 'tenant')
    vi.stubEnv('AZURE_CLIENT_ID', 'client')
    const access = await azureAccess({}, contextOf({}))
    if (access.kind !== 'token') throw new Error(access.kind)
    expect(await Promise.all([access.token(), access.token()])).toEqual(['token-1', 'token-1'])
    const [{ path, form } = { path: '', form: new URLSearchParams() }] = asked
    expect(path).toBe('/tenant/oauth2/v2.0/token')
    expect(Object.fromEntries(form)).toMatchObject({
      ...{ grant_type: 'client_credentials', client_id: 'client', client_assertion: 'identity-of-the-pod' },
      scope: 'https://storage.azure.com/.default',
    })
  })

  test('is asked for with the secret of an application', async () => {
    const { asked, served } = await login()
    await using _ = served
    const keys = { AZ_TENANT_ID: 't', AZ_CLIENT_ID: 'c', AZ_CLIENT_SECRET: 'canary' }
    const context = { ...contextOf({}), secretKey: secretKeyOf(keys) }
    const access = await azureAccess({ secretRef: { name: 'azure' } }, context)
    if (access.kind !== 'token') throw new Error(access.kind)
    expect(await access.token()).toBe('token-1')
    expect(asked[0]?.form.get('client_secret')).toBe('canary')
  })

  test('never goes to another endpoint than Azure', async () => {
    vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', '/dev/null')
    vi.stubEnv('AZURE_TENANT_ID', 't')
    vi.stubEnv('AZURE_CLIENT_ID', 'c')
    const kindAt = async (endpoint: string) => (await azureAccess({ endpoint }, contextOf({}))).kind
    expect(await kindAt('https://evil.example.com')).toBe('none')
    expect(await kindAt('https://models.blob.core.windows.net.evil.example')).toBe('none')
    expect(await kindAt('https://models.blob.core.usgovcloudapi.net')).toBe('token')
  })
})
