import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { issueCA, issueLeaf, type KeyedCertificate } from '../certs/issue.ts'
import { limitConnections } from './connections.ts'

const LONG_MS = 60_000

let leaf: KeyedCertificate
let app: FastifyInstance
let port: number
let evicted: number
let sockets: Socket[]
/** Requests whose bodies have arrived, and that wait until the test lets them be answered. */
let deciding: (() => void)[]
let accepted: number

beforeAll(async () => {
  const ca = await issueCA({ commonName: 'test CA', days: 1 })
  leaf = await issueLeaf(ca, { commonName: 'webhook', dnsNames: [], days: 1, usages: ['serverAuth'] })
})

beforeEach(() => {
  evicted = 0
  accepted = 0
  sockets = []
  deciding = []
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  for (const answer of deciding) answer()
  await app.close()
})

async function start({ max = 2, bodyMs = LONG_MS }) {
  app = fastify({ https: { key: leaf.keyPem, cert: leaf.certPem } })
  limitConnections(app, {
    max,
    bodyMs,
    onEvicted: () => {
      evicted += 1
    },
  })
  app.post('/', async () => ({}))
  app.post('/decide', () => new Promise(resolve => deciding.push(() => resolve({}))))
  app.server.on('connection', () => {
    accepted += 1
  })
  port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
}

function kept<S extends Socket>(socket: S): S {
  sockets.push(socket)
  socket.on('error', () => {})
  return socket
}

/** A TCP connection that never says anything; resolves when the server has it. */
async function strangerInHandshake(): Promise<Socket> {
  const before = accepted
  const socket = kept(connect(port, '127.0.0.1'))
  await vi.waitFor(() => expect(accepted).toBe(before + 1), { timeout: 10_000 })
  return socket
}

/** A connected client. */
async function client(): Promise<Socket> {
  const socket = kept(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }))
  await once(socket, 'secureConnect')
  return socket
}

const head = (path: string, bytes: number) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`

/** Resolves to the first line of the answer; rejects if the connection ends first. */
async function answerOf(socket: Socket): Promise<string> {
  const closed = once(socket, 'close').then(() => {
    throw new Error('closed')
  })
  const [data] = await Promise.race([once(socket, 'data'), closed])
  return String(data).split('\r\n', 1)[0] ?? ''
}

async function ask(socket: Socket, path = '/'): Promise<string> {
  const answer = answerOf(socket)
  socket.write(`${head(path, 2)}{}`)
  return answer
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close')
}

const OK = 'HTTP/1.1 200 OK'

describe('of connections too many the one is closed that has waited for its client for the longest:', () => {
  test('one in the handshake', async () => {
    await start({})
    const stranger = await strangerInHandshake()
    const idle = await client()
    const newest = await client()
    await closed(stranger)
    expect(await ask(idle)).toBe(OK)
    expect(await ask(newest)).toBe(OK)
    expect(evicted).toBe(1)
  })

  test('one that is idle, counted from its last answer', async () => {
    await start({})
    const first = await client()
    const second = await client()
    expect(await ask(first)).toBe(OK)
    const newest = await client()
    await closed(second)
    expect(await ask(newest)).toBe(OK)
    await client()
    await closed(first)
    expect(await ask(newest)).toBe(OK)
  })

  test('one whose body is on its way, counted from its request', async () => {
    await start({})
    const slow = await client()
    const idle = await client()
    const arrived = once(app.server, 'request')
    slow.write(`${head('/', 2)}{`)
    await arrived
    await client()
    await closed(idle)
    await client()
    await closed(slow)
    expect(evicted).toBe(2)
  })

  test('never one whose request is being decided', async () => {
    await start({})
    const busy = await client()
    const answer = ask(busy, '/decide')
    await vi.waitFor(() => expect(deciding).toHaveLength(1), { timeout: 10_000 })
    const idle = await client()
    const newest = await client()
    await closed(idle)
    deciding.shift()?.()
    expect(await answer).toBe(OK)
    expect(await ask(newest)).toBe(OK)
  })

  test('the new one itself while all others are being decided', async () => {
    await start({ max: 1 })
    const busy = await client()
    const answer = ask(busy, '/decide')
    await vi.waitFor(() => expect(deciding).toHaveLength(1), { timeout: 10_000 })
    await closed(await strangerInHandshake())
    deciding.shift()?.()
    expect(await answer).toBe(OK)
  })

  test('none once others have gone by themselves', async () => {
    await start({})
    for (let count = 0; count < 5; count++) {
      const passing = await client()
      expect(await ask(passing)).toBe(OK)
      passing.destroy()
      await vi.waitFor(async () => expect(await openConnections()).toBe(0), { timeout: 10_000 })
    }
    expect(evicted).toBe(0)
  })
})

function openConnections(): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}

describe('time for a body', () => {
  test('ends the connection of one that does not arrive, and no other', async () => {
    await start({ max: 10, bodyMs: 50 })
    const busy = await client()
    const answer = ask(busy, '/decide')
    await vi.waitFor(() => expect(deciding).toHaveLength(1), { timeout: 10_000 })
    const idle = await client()
    expect(await ask(idle)).toBe(OK)
    const fresh = await client()
    // When this one is closed, the others have been there longer.
    const slow = await client()
    slow.write(`${head('/', 2)}{`)
    await closed(slow)
    deciding.shift()?.()
    expect(await answer).toBe(OK)
    expect(await ask(idle)).toBe(OK)
    expect(await ask(fresh)).toBe(OK)
    expect(evicted).toBe(0)
  })

  test('counts for the second request in the pipe, too', async () => {
    await start({ max: 10, bodyMs: 50 })
    const socket = await client()
    const answer = answerOf(socket)
    socket.write(`${head('/', 2)}{}${head('/', 2)}{`)
    expect(await answer).toBe(OK)
    await closed(socket)
    expect(evicted).toBe(0)
  })
})
