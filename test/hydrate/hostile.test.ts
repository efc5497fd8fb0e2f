import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openDownload } from '../../src/hydrate/fetch/download.ts'
import { createHttp } from '../../src/hydrate/fetch/http.ts'
import { filesBelow, sha256 } from '../../src/hydrate/fixtures.ts'
import type { HydrateOptions } from '../../src/hydrate/hydrate.ts'
import { measure } from '../../src/hydrate/measure.ts'
import { type Served, serveBy } from '../sources/serve-by.ts'
import { failureOf, stage } from './support/stage-in-process.ts'

// Sources that are broken, or mean harm.

const FILE = Buffer.alloc(300_000, 'weights of a model ')
const COMMIT = '5'.repeat(40)
const { signal } = new AbortController()

let dir: string
const servers: Served[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-hostile-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

async function serve(listener: RequestListener): Promise<string> {
  const server = await serveBy(listener)
  servers.push(server)
  return server.url
}

type Given = Partial<HydrateOptions> & { token?: string | undefined }
const stageHttp = (http: { url: string; sha256?: string }, given: Given = {}) =>
  stage(dir, { http: given.token === undefined ? http : { ...http, secretRef: SECRET } }, given)
const SECRET = { name: 'web', key: 'token' }
const stagedFiles = async () =>
  Object.keys(await filesBelow(dir)).filter(path => path.startsWith('snapshots/'))

/** The file, with one bit that is another one. */
function flipped(at: number): Buffer {
  const damaged = Buffer.from(FILE)
  damaged[at] = (damaged[at] ?? 0) ^ 1
  return damaged
}

describe('bytes that are damaged on their way', () => {
  test('are fetched again, by another connection', async () => {
    const sockets = new Set<number | undefined>()
    let whole = 0
    const url = await serve(({ headers, socket }, response) => {
      if (headers.range !== undefined) return void response.writeHead(206, rangeOf(FILE.length)).end('w')
      sockets.add(socket.remotePort)
      response.end(whole++ === 0 ? flipped(1000) : FILE)
    })
    await stageHttp({ url: `${url}/f.bin`, sha256: sha256(FILE) })
    expect([whole, sockets.size]).toEqual([2, 2])
  })

  test('the same way each time are those of the source', async () => {
    const url = await serve((_, response) => void response.end(flipped(1000)))
    const failed = await failureOf(stageHttp({ url: `${url}/f.bin`, sha256: sha256(FILE) }))
    expect(failed.reason).toBe('ChecksumMismatch')
  })

  test('another way each time are nobody’s, and may come right', async () => {
    let count = 0
    const url = await serve((_, response) => void response.end(flipped(count++)))
    const failed = await failureOf(stageHttp({ url: `${url}/f.bin`, sha256: sha256(FILE) }))
    expect(failed).toMatchObject({
      reason: 'SourceUnavailable',
      message: expect.stringContaining('with other bytes each time'),
    })
  })
})

const rangeOf = (size: number) => ({ 'content-range': `bytes 0-0/${size}`, 'content-length': 1 })

test('an address of a CDN that has expired is asked for again', async () => {
  let addresses = 0
  const cdn = await serve(({ url }, response) =>
    url?.endsWith('=1') ? void response.writeHead(403).end() : void response.end(FILE),
  )
  const url = await serve(
    (_, response) => void response.writeHead(302, { location: `${cdn}/blob?signature=${++addresses}` }).end(),
  )
  await stageHttp({ url: `${url}/f.bin`, sha256: sha256(FILE) })
  expect(await stagedFiles()).toHaveLength(1)
})

test('an empty file has no range, and is staged', async () => {
  const url = await serve(({ headers }, response) =>
    headers.range === undefined
      ? void response.end()
      : void response.writeHead(416, { 'content-range': 'bytes */0' }).end(),
  )
  expect(await stageHttp({ url: `${url}/empty.bin` })).toMatchObject({ bytes: 0, files: 1 })
})

test('a file without an end needs a checksum, because it could be cut off', async () => {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${FILE}`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/f.bin`
  try {
    expect(await failureOf(stageHttp({ url }))).toMatchObject({
      reason: 'SizeUnknown',
      message: expect.stringMatching(/would look whole; set sha256$/),
    })
    expect(await stageHttp({ url, sha256: sha256(FILE) })).toMatchObject({ bytes: FILE.length })
  } finally {
    server.close()
  }
})

test.each([202, 203, 204, 205])('an answer with status %i is no file', async status => {
  const url = await serve((_, response) => void response.writeHead(status).end())
  const asking = createHttp().get({ url: `${url}/f.bin`, signal })
  expect(await failureOf(asking)).toMatchObject({
    reason: 'SourceUnavailable',
    message: `${url}/f.bin answers ${status}`,
  })
})

test.each(['http://[', 'ftp://files.example/f', 'file:///etc/passwd'])(
  'a redirect to %s is said',
  async location => {
    const url = await serve((_, response) => void response.writeHead(302, { location }).end())
    expect(await failureOf(stageHttp({ url: `${url}/f` }))).toMatchObject({
      reason: 'SourceUnavailable',
      message: `${url}/f redirects to what is no http or https URL`,
    })
  },
)

test.each(['two\nlines', 'a space', 'ümlaut'])(
  'a token with %j is malformed, and is not sent',
  async token => {
    let requests = 0
    const url = await serve((_, response) => {
      requests++
      response.end()
    })
    expect(await failureOf(stageHttp({ url: `${url}/f` }, { token }))).toMatchObject({
      reason: 'SecretMalformed',
    })
    expect(requests).toBe(0)
  },
)

describe('a proxy', () => {
  test('is not asked for addresses in a network of NO_PROXY', async () => {
    const url = await serve((_, response) => void response.end(FILE))
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9')
    vi.stubEnv('NO_PROXY', 'files.example,127.0.0.0/8')
    const reply = await createHttp().get({ url: `${url}/f`, signal })
    reply.drop()
    expect(reply.status).toBe(200)
  })

  test('that lets nobody through is named', async () => {
    const url = await serve((_, response) => void response.end(FILE))
    const proxy = await serve((_, response) => void response.writeHead(403, SQUID).end())
    vi.stubEnv('HTTP_PROXY', proxy)
    vi.stubEnv('NO_PROXY', '10.0.0.0/8')
    const failed = await failureOf(createHttp().get({ url: `${url}/f`, signal }))
    expect(failed).toMatchObject({
      reason: 'SourceUnavailable',
      message: expect.stringMatching(/^the proxy before /),
    })
  })
})

const SQUID = { 'x-squid-error': 'ERR_ACCESS_DENIED 0' }

describe('more bytes than the claim has', () => {
  test('are not even asked for, if their number is known', async () => {
    let whole = 0
    const url = await serve(({ headers }, response) => {
      if (headers.range !== undefined) return void response.writeHead(206, rangeOf(FILE.length)).end('w')
      whole++
      response.end(FILE)
    })
    expect(await failureOf(stageHttp({ url: `${url}/f.bin` }, { maxBytes: 100_000 }))).toMatchObject({
      reason: 'NoSpace',
      message: 'the snapshot needs 293.0 KiB, and its claim has 97.7 KiB; raise spec.storage.pvc.sizeGiB',
    })
    expect(whole).toBe(0)
  })

  test('end where the claim ends, if nobody says how many they are', async () => {
    const url = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(FILE));
      }
      response.on('drain', more)
      more()
    })
    expect(await failureOf(stageHttp({ url: `${url}/f.bin` }, { maxBytes: 2_000_000 }))).toMatchObject({
      reason: 'NoSpace',
      message: 'the snapshot is larger, and its claim has 1.9 MiB; raise spec.storage.pvc.sizeGiB',
    })
    const written = Object.values(await filesBelow(dir)).reduce((sum, text) => sum + text.length, 0)
    expect(written).toBeLessThan(4_000_000)
  })
})

test('a size that nobody believes is unknown', async () => {
  const url = await serve((_, response) => void response.writeHead(206, rangeOf(9e15)).end('w'))
  const context = {
    source: { http: { url: `${url}/f.bin` } },
    secret: async () => undefined,
    secretKey: async () => undefined,
    configMap: (name: string) => name,
    claim: (name: string) => name,
    http: createHttp(),
    huggingFaceEndpoint: url,
    signal,
  }
  expect(await failureOf(measure(context))).toMatchObject({ reason: 'SizeUnknown' })
})

test('a byte now and then is given up', async () => {
  let requests = 0
  const url = await serve(({ headers }, response) => {
    requests++
    const [, from = ''] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? []
    if (from === '') response.writeHead(200)
    else response.writeHead(206, { 'content-range': `bytes ${from}-999999/1000000` })
    const timer = setInterval(() => response.write('x'), 10)
    response.on('close', () => clearInterval(timer))
  })
  const http = createHttp({ pace: { bytesPerSecond: 100_000, overMs: 50 } })
  const { content } = await openDownload({ http, url: `${url}/f`, isVerified: true }, { from: 0 }, signal)
  const read = async () => {
    for await (const _ of content);
  }
  expect(await failureOf(read())).toMatchObject({
    reason: 'SourceUnavailable',
    message: expect.stringContaining('is too slow'),
  })
  expect(requests).toBeGreaterThan(1)
})

describe('a hub', () => {
  const stageHub = (endpoint: string) =>
    stage(dir, { huggingFace: { repo: 'a/b', revision: COMMIT, endpoint } })
  const json = (value: unknown, headers = {}) => ({ value, headers })
  /** A hub that answers every page of a listing like this. */
  const listing = (page: (cursor: string | null) => { value: unknown; headers: object }) =>
    serve((request, response) => {
      const url = new URL(request.url ?? '', 'http://hub')
      if (!url.pathname.includes('/tree/')) return void response.writeHead(404).end()
      const { value, headers } = page(url.searchParams.get('cursor'))
      response.writeHead(200, { 'content-type': 'application/json', ...headers })
      response.end(typeof value === 'string' ? value : JSON.stringify(value))
    })
  const next = (cursor: string) => ({ link: `<http://hub/x?cursor=${cursor}>; rel="next"` })
  const oid = '0'.repeat(40)

  test.each<[string, (cursor: string | null) => ReturnType<typeof json>, reason: string, words: RegExp]>([
    ['that gives the same page again', () => json([], next('1')), 'SourceUnavailable', /has no end/],
    [
      'whose listing has no end',
      cursor => json([], next(String(Number(cursor ?? 0) + 1))),
      'SourceUnavailable',
      /has no end/,
    ],
    [
      'with paths of a megabyte',
      cursor => json([{ type: 'file', path: 'a'.repeat(2 ** 20), size: 1, oid }], next(`${cursor}1`)),
      'SourceNotFound',
      /names without end/,
    ],
    [
      'whose JSON is only brackets',
      () => json('['.repeat(5_000_000)),
      'SourceNotFound',
      /more than 32 levels/,
    ],
    [
      'whose JSON has no end',
      () => json(`"${'a'.repeat(17 * 2 ** 20)}"`),
      'SourceNotFound',
      /returns more than 16777216 bytes/,
    ],
    [
      'with a page of a million entries',
      () => json(`[${'0,'.repeat(1_000_000)}0]`),
      'SourceNotFound',
      /Too big/,
    ],
  ])('%s is rejected', async (_, page, reason, words) => {
    const failed = await failureOf(stageHub(await listing(page)))
    expect(failed).toMatchObject({ reason, message: expect.stringMatching(words) })
  })

  test('that cannot list a tree, but names the files of a revision, is a mirror', async () => {
    const files: Record<string, Buffer> = { 'config.json': Buffer.from('{}'), 'model.safetensors': FILE }
    const url = await serve((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://hub')
      if (pathname === `/api/models/a/b/revision/${COMMIT}` && searchParams.has('blobs')) {
        const lfs = { sha256: sha256(FILE), size: FILE.length }
        response.end(
          JSON.stringify({
            sha: COMMIT,
            siblings: [{ rfilename: 'config.json' }, { rfilename: 'model.safetensors', lfs }],
          }),
        )
        return
      }
      const file = files[pathname.split('/').at(-1) ?? '']
      if (pathname.startsWith('/api/') || file === undefined) return void response.writeHead(404).end()
      response.writeHead(200, { 'content-length': file.length }).end(file)
    })
    expect(await stageHub(url)).toMatchObject({ files: 2, bytes: FILE.length + 2 })
  })
})
