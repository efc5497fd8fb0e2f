import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createProxy } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { SOURCE_CA_VARIABLE, textVariables } from '../../src/api/hydration-env.ts'
import { issueCA, type KeyedCertificate } from '../../src/certs/issue.ts'
import { issueServing } from '../testbed/pki.ts'
import { hydrate, manifestOf } from './support/run-hydrate.ts'

// A server that prefers HTTP/2, like those of most CDNs.

vi.setConfig({ testTimeout: 180_000 })

/** Four parts. */
const content = randomBytes(128 * 1024 * 1024)
let dir: string
let ca: KeyedCertificate
let server: Http2SecureServer
let connections = 0

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-secure-'))
  ca = await issueCA({ commonName: 'a company', days: 1 })
  const { certPem: cert, keyPem: key } = await issueServing(ca, ['files.example'])
  server = createSecureServer({ cert, key, allowHTTP1: true }, ({ headers }, response) => {
    const [, from = 0, to = content.length - 1] = /^bytes=(\d+)-(\d*)$/.exec(String(headers.range)) ?? []
    const part = content.subarray(Number(from), Number(to || content.length - 1) + 1)
    response.writeHead(headers.range === undefined ? 200 : 206, {
      etag: '"v1"',
      'accept-ranges': 'bytes',
      'content-length': part.length,
      ...(headers.range !== undefined && { 'content-range': `bytes ${from}-${to}/${content.length}` }),
    })
    response.end(part)
  })
  server.on('secureConnection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(async () => {
  server.close()
  await rm(dir, { recursive: true, force: true })
})

/** Stages the file, with these variables in addition. */
async function stage(env: NodeJS.ProcessEnv = {}) {
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`
  const sha256 = createHash('sha256').update(content).digest('hex')
  const trusted = Object.fromEntries(
    textVariables(SOURCE_CA_VARIABLE, ca.certPem).map(({ name, value }) => [name, value]),
  )
  const into = await mkdtemp(join(dir, 'volume-'))
  return hydrate(manifestOf({ http: { url, sha256 } }), ['--into', into], { env: { ...trusted, ...env } })
}

test('each part has a connection of its own, because over HTTP/2 all of them would share one', async () => {
  const { last } = await stage()
  expect(last).toMatchObject({ bytes: content.length, files: 1 })
  expect(connections).toBeGreaterThanOrEqual(4)
})

test('a proxy passes the connections on', async () => {
  let tunnels = 0
  const proxy = createProxy()
  proxy.on('connect', ({ url = '' }, socket: Socket) => {
    tunnels += 1
    const [host = '', port] = url.split(':')
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      target.pipe(socket).pipe(target)
    })
    for (const end of [socket, target]) end.on('error', () => {})
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  try {
    const { port } = proxy.address() as AddressInfo
    const { last } = await stage({ HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '', no_proxy: '' })
    expect(last).toMatchObject({ bytes: content.length, files: 1 })
    expect(tunnels).toBeGreaterThanOrEqual(4)
  } finally {
    proxy.close()
  }
})
