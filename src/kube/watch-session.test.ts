import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { startTcpProxy } from '../../test/testbed/tcp-proxy.ts'
import { aCA, aLeaf } from '../certs/certificates.fixtures.ts'
import { ConnectionLost, createWatchSessions } from './watch-session.ts'

const now = new Date()
const authority = await aCA({ now })
const { certPem: cert, keyPem: key } = await aLeaf(authority, { now })
/** The certificate names no address. */
const TLS = { ca: authority.certPem, servername: 'localhost' }
const signal = new AbortController().signal
const stops: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

function listening(server: Server | Http2SecureServer): Promise<URL> {
  stops.push(() => server.close())
  return new Promise(resolve =>
    server.listen(0, '127.0.0.1', () =>
      resolve(new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)),
    ),
  )
}

/** A server whose streams the test answers, and the number of its connections. */
async function http2Server(answer: (stream: ServerHttp2Stream, path: string) => void) {
  const server = createSecureServer({ cert, key })
  let connections = 0
  server.on('session', session => {
    connections += 1
    stops.push(() => session.destroy())
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    answer(stream, String(headers[':path']))
  })
  return { url: await listening(server), connections: () => connections }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function textOf(body: AsyncIterable<Uint8Array> = nothing()): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('watches over HTTP/2', () => {
  test('share one connection, each with its own answer', async () => {
    const { url, connections } = await http2Server((stream, path) => {
      stream.respond({ ':status': path === '/bad' ? 403 : 200 })
      stream.end(`events of ${path}`)
    })
    const sessions = createWatchSessions(url, TLS)
    const paths = ['/a?x=1', '/b', '/bad']
    const replies = await Promise.all(
      paths.map(async path => {
        const session = await sessions.session(signal)
        const { status, body } = (await session?.get(path, { Accept: 'application/json' }, signal)) ?? {}
        return [status, body && (await textOf(body))]
      }),
    )
    expect(replies).toEqual([
      [200, 'events of /a?x=1'],
      [200, 'events of /b'],
      [403, 'events of /bad'],
    ])
    expect(connections()).toBe(1)
  })

  test('go over a new connection after the old one was retired, and the old one goes on', async () => {
    let finish = () => {}
    const { url, connections } = await http2Server((stream, path) => {
      stream.respond({ ':status': 200 })
      if (path === '/old') finish = () => stream.end('the end')
      else stream.end('new')
    })
    const sessions = createWatchSessions(url, TLS)
    const old = await (await sessions.session(signal))?.get('/old', {}, signal)
    sessions.retire()
    const fresh = await (await sessions.session(signal))?.get('/new', {}, signal)
    expect(await textOf(fresh?.body)).toBe('new')
    finish()
    expect(await textOf(old?.body)).toBe('the end')
    expect(connections()).toBe(2)
  })

  test('end with an error if the server resets them, and the connection stays', async () => {
    const { url, connections } = await http2Server((stream, path) => {
      stream.respond({ ':status': 200 })
      if (path === '/reset') stream.write('half', () => stream.destroy(new Error('reset')))
      else stream.end('fine')
    })
    const sessions = createWatchSessions(url, TLS)
    const reset = await (await sessions.session(signal))?.get('/reset', {}, signal)
    await expect(textOf(reset?.body)).rejects.toThrow()
    const next = await (await sessions.session(signal))?.get('/next', {}, signal)
    expect(await textOf(next?.body)).toBe('fine')
    expect(connections()).toBe(1)
  })

  test('end when their signal aborts', async () => {
    const { url } = await http2Server(stream => {
      stream.respond({ ':status': 200 })
    })
    const stop = new AbortController()
    const reply = await (await createWatchSessions(url, TLS).session(signal))?.get('/', {}, stop.signal)
    const read = textOf(reply?.body)
    stop.abort()
    await expect(read).rejects.toThrow(/abort/)
  })
})

test('a connection that falls silent is noticed by its pings, and the next one is another', async () => {
  const { url } = await http2Server((stream, path) => {
    stream.respond({ ':status': 200 })
    if (path === '/again') stream.end('heard')
  })
  const proxy = await startTcpProxy(Number(url.port))
  stops.push(() => proxy[Symbol.asyncDispose]())
  const timing = { pingMs: 50, silenceMs: 200 }
  const sessions = createWatchSessions(new URL(`https://127.0.0.1:${proxy.port}`), TLS, timing)
  const reply = await (await sessions.session(signal))?.get('/', {}, signal)
  proxy.freeze('open')
  await expect(textOf(reply?.body)).rejects.toThrow(ConnectionLost)
  const again = await (await sessions.session(signal))?.get('/again', {}, signal)
  expect(await textOf(again?.body)).toBe('heard')
})

describe('no HTTP/2', () => {
  test('where the server speaks only HTTP/1.1', async () => {
    const url = await listening(createHttps({ cert, key }, (_, response) => response.end()))
    const sessions = createWatchSessions(url, TLS)
    expect(await sessions.session(signal)).toBeUndefined()
    expect(await sessions.session(signal)).toBeUndefined()
  })

  test('without TLS', async () => {
    expect(await createWatchSessions(new URL('http://127.0.0.1:1'), {}).session(signal)).toBeUndefined()
  })

  test('where nobody listens, or another CA signed: an error each time', async () => {
    const { url } = await http2Server(stream => stream.end())
    const stranger = createWatchSessions(url, {})
    await expect(stranger.session(signal)).rejects.toThrow(/certificate/)
    await expect(stranger.session(signal)).rejects.toThrow(/certificate/)
    await expect(createWatchSessions(new URL('https://127.0.0.1:1'), {}).session(signal)).rejects.toThrow(
      /ECONNREFUSED/,
    )
  })
})
