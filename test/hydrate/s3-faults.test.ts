import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filesBelow } from '../../src/hydrate/fixtures.ts'
import type { HydrateOptions } from '../../src/hydrate/hydrate.ts'
import { tarOf } from './support/archives.ts'
import { failureOf, stage } from './support/stage-in-process.ts'

// A store that answers what no sound one does, or what only some do.

const BODY = Buffer.from('weights')
const LARGE = Buffer.alloc(17 * 2 ** 20, 'weights ')
const md5 = (content: Buffer) => createHash('md5').update(content).digest('hex')

let dir: string
let closing: (() => void)[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-s3-faults-'))
})
afterEach(async () => {
  for (const close of closing.splice(0)) close()
  closing = []
  await rm(dir, { recursive: true, force: true })
})

interface Asked {
  method: string
  url: URL
  headers: IncomingMessage['headers']
}

type Answer = { status?: number; headers?: Record<string, string>; body?: Buffer | string }

/** A store that answers like this. */
async function store(answer: (asked: Asked) => Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { method = '', headers } = request
    const one = { method, url: new URL(request.url ?? '/', 'http://store'), headers }
    asked.push(one)
    const { status = 200, headers: given = {}, body = '' } = answer(one)
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...given })
    response.end(method === 'HEAD' ? undefined : body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const isListing = ({ url }: Asked) => url.searchParams.has('list-type')
const listing = (objects: { key: string; size: number; etag: string }[], more = '') =>
  `<?xml version="1.0"?><ListBucketResult>${objects.map(({ key, size, etag }) => `<Contents><Key>${key}</Key><Size>${size}</Size><ETag>&quot;${etag}&quot;</ETag></Contents>`).join('')}${more}</ListBucketResult>`

/** An object, or the part of it that is asked for. */
function objectAnswer(body: Buffer, { headers }: Asked, given: Record<string, string> = {}): Answer {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []
  if (from === undefined) return { headers: given, body }
  const part = body.subarray(Number(from), to ? Number(to) + 1 : undefined)
  const range = `bytes ${from}-${Number(from) + part.length - 1}/${body.length}`
  return { status: 206, headers: { ...given, 'content-range': range }, body: part }
}

type S3 = NonNullable<HydrateOptions['source']['s3']>

const stageS3 = (endpoint: string, more: Partial<S3> = {}) =>
  stage(
    dir,
    { s3: { uri: 's3://bucket/m/', endpoint, secretRef: { name: 's3' }, ...more } },
    { secretKey: async (_, [name]) => (name === 'AWS_SESSION_TOKEN' ? 'canary-session' : 'canary') },
  )

describe('a listing', () => {
  test.each<[string, (asked: Asked) => Answer, string, RegExp]>([
    ['that is no XML', () => ({ body: 'hello' }), 'SourceNotFound', /does not answer as S3 does/],
    [
      'of something else',
      () => ({ body: '<html><body/></html>' }),
      'SourceNotFound',
      /does not answer as S3/,
    ],
    [
      'without end',
      () => ({
        body: listing([], '<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>'),
      }),
      'SourceUnavailable',
      /has no end/,
    ],
    ['of 17 MiB', () => ({ body: 'x'.repeat(17 * 2 ** 20) }), 'SourceNotFound', /returns more than/],
    ['that is empty', () => ({ body: listing([]) }), 'SourceNotFound', /no object "m\/"/],
    [
      'that is forbidden',
      () => ({ status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }),
      'Unauthorized',
      /answers 403 \(AccessDenied\): use credentials that may list/,
    ],
    [
      'with a key that leaves the folder',
      () => ({ body: listing([{ key: 'm/../../etc/passwd', size: 1, etag: 'e' }]) }),
      'FileNameInvalid',
      /"\.\.\/\.\.\/etc\/passwd"/,
    ],
  ])('%s is rejected', async (_, answer, reason, words) => {
    const { url } = await store(answer)
    const failed = await failureOf(stageS3(url))
    expect(failed).toMatchObject({ reason, message: expect.stringMatching(words) })
  })

  test('that defines entities of its own is taken by its letters', async () => {
    const objects = listing([{ key: 'm/&e;', size: 7, etag: md5(BODY) }])
    const body = `<!DOCTYPE a [<!ENTITY e "evil">]>${objects.replace('<?xml version="1.0"?>', '')}`
    const { url } = await store(asked => (isListing(asked) ? { body } : objectAnswer(BODY, asked)))
    expect(await filesBelow(join(dir, (await stageS3(url)).path))).toEqual({ '&e;': 'weights' })
  })

  test.each<[string, Answer]>([
    ['a header', { headers: { 'x-amz-bucket-region': 'eu-west-3' } }],
    ['words', { body: '<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region></Error>' }],
  ])('of a bucket in another region is asked for again there, by %s', async (_, told) => {
    const regions: string[] = []
    const { url } = await store(asked => {
      const [, region = ''] = /\/(\w+-\w+-\d)\/s3\//.exec(asked.headers.authorization ?? '') ?? []
      regions.push(region)
      if (region !== 'eu-west-3') return { status: 400, ...told }
      return isListing(asked)
        ? { body: listing([{ key: 'm/a', size: 7, etag: md5(BODY) }]) }
        : objectAnswer(BODY, asked)
    })
    const { path } = await stageS3(url)
    expect(await filesBelow(join(dir, path))).toEqual({ a: 'weights' })
    expect([...new Set(regions)]).toEqual(['us-east-1', 'eu-west-3'])
  })
})

describe('an object', () => {
  const one = (body: Buffer, etag = md5(body)) => listing([{ key: 'm/a', size: body.length, etag }])

  test('that changes after it was listed is SourceChanged', async () => {
    const { url } = await store(asked => (isListing(asked) ? { body: one(BODY) } : { status: 412 }))
    expect(await failureOf(stageS3(url))).toMatchObject({ reason: 'SourceChanged' })
    const large = await store(asked =>
      isListing(asked) ? { body: one(LARGE) } : objectAnswer(LARGE, asked, { etag: '"other"' }),
    )
    expect(await failureOf(stageS3(large.url))).toMatchObject({ reason: 'SourceChanged' })
  })

  test('that may not be read says what is missing', async () => {
    const { url } = await store(asked => (isListing(asked) ? { body: one(BODY) } : { status: 403 }))
    expect(await failureOf(stageS3(url))).toMatchObject({
      reason: 'Unauthorized',
      message: expect.stringContaining('use credentials that may read it'),
    })
  })

  test('with another checksum than S3 stores is a mismatch', async () => {
    const headers = { etag: '"e"', 'x-amz-checksum-crc32c': 'AAAAAA==' }
    for (const body of [BODY, LARGE]) {
      const { url } = await store(asked =>
        isListing(asked) ? { body: one(body, 'e') } : objectAnswer(body, asked, headers),
      )
      const failed = await failureOf(stageS3(url))
      expect(failed).toMatchObject({
        reason: 'ChecksumMismatch',
        message: expect.stringContaining('has crc32c'),
      })
    }
  })

  test('whose ETag is no MD5, though it looks like one, is taken if it comes twice', async () => {
    for (const body of [BODY, LARGE]) {
      const etag = 'ab'.repeat(16)
      const { url } = await store(asked =>
        isListing(asked) ? { body: one(body, etag) } : objectAnswer(body, asked, { etag: `"${etag}"` }),
      )
      const { path } = await stageS3(url)
      expect((await readFile(join(dir, path, 'a'))).equals(body)).toBe(true)
      await rm(dir, { recursive: true })
    }
  })

  test('that is an archive is checked as a whole, and again if its checksum is only a guess', async () => {
    const tar = Buffer.concat([await tarOf([['weights.bin', LARGE]]), Buffer.alloc(512)])
    const storeOf = (given: Record<string, string>) =>
      store(asked => {
        if (!isListing(asked)) return objectAnswer(tar, asked, { etag: `"${'ab'.repeat(16)}"`, ...given })
        const isBelow = asked.url.searchParams.get('prefix')?.endsWith('/')
        return { body: listing(isBelow ? [] : [{ key: 'm.tar', size: tar.length, etag: 'ab'.repeat(16) }]) }
      })
    const uri = 's3://bucket/m.tar'
    const wrong = await storeOf({ 'x-amz-checksum-crc32': 'AAAAAA==' })
    expect(await failureOf(stageS3(wrong.url, { uri }))).toMatchObject({
      reason: 'ChecksumMismatch',
      message: expect.stringContaining('the archive has crc32'),
    })
    const guessed = await storeOf({})
    const { path } = await stageS3(guessed.url, { uri })
    expect((await readFile(join(dir, path, 'weights.bin'))).equals(LARGE)).toBe(true)
  })

  test('that is large is fetched by its version, where the bucket has versions', async () => {
    const { url, asked } = await store(one_ => {
      if (isListing(one_)) return { body: one(LARGE) }
      return objectAnswer(LARGE, one_, { etag: `"${md5(LARGE)}"`, 'x-amz-version-id': 'v7' })
    })
    await stageS3(url)
    const gets = asked.filter(({ method, headers }) => method === 'GET' && headers.range !== undefined)
    expect(gets.length).toBeGreaterThan(0)
    expect(new Set(gets.map(get => get.url.searchParams.get('versionId')))).toEqual(new Set(['v7']))
    expect(new Set(gets.map(({ headers }) => headers['if-match']))).toEqual(new Set([`"${md5(LARGE)}"`]))
  })

  test('is asked for with the session, and nobody else gets the keys', async () => {
    const other = await store(asked => objectAnswer(BODY, asked))
    const { url, asked } = await store(one_ =>
      isListing(one_) ? { body: one(BODY) } : { status: 302, headers: { location: `${other.url}/x` } },
    )
    const { path } = await stageS3(url, { requesterPays: true })
    expect(await filesBelow(join(dir, path))).toEqual({ a: 'weights' })
    for (const { headers } of asked)
      expect(headers).toMatchObject({
        authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=canary\//),
        'x-amz-security-token': 'canary-session',
        'x-amz-request-payer': 'requester',
      })
    expect(JSON.stringify(other.asked.map(({ headers }) => headers))).not.toContain('canary')
    expect(JSON.stringify(await filesBelow(dir))).not.toContain('canary')
  })
})
