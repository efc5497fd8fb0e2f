import { readFile } from 'node:fs/promises'
import { Agent, type RequestOptions, request } from 'node:https'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { annotations, pod } from '../e2e/support/objects.ts'
import { type OwnPlane, startOwnPlane } from '../e2e/support/own-plane.ts'

const full = process.env.FAULTS === 'full'
const AT_ONCE = full ? 5_000 : 500
const IDLE = full ? 10_000 : 300
const MIB = 1024 * 1024

let own: OwnPlane
const sockets: Socket[] = []

beforeAll(async () => {
  own = await startOwnPlane()
})
afterAll(() => own?.[Symbol.asyncDispose]())

/** Whatever was done to it, the server is the same process, fits its container, and decides as before. */
afterEach(async context => {
  for (const socket of sockets.splice(0)) socket.destroy()
  const { code, stderr } = await own.cluster.apply(pod(annotations('weights')), '--dry-run=server')
  expect(code, stderr).toBe(0)
  const status = await readFile(`/proc/${pid()}/status`, 'utf8')
  const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024
  console.log(`${context.task.name}: peak memory ${peakMiB.toFixed(0)} MiB`)
  expect(peakMiB).toBeLessThan(512)
})

function pid(): number | undefined {
  return own.product.webhook.child()?.pid
}

function port(): number {
  return Number(new URL(own.product.webhook.url).port)
}

interface Reply {
  status: number
  retryAfter: string | undefined
  body: string
}

function post(body: string | Buffer, options: RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const url = `${own.product.webhook.url}/mutate-pods?timeout=30s`
    const call = request(
      url,
      { method: 'POST', rejectUnauthorized: false, headers, ...options },
      response => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', chunk => {
          text += chunk
        })
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: response.headers['retry-after'],
            body: text,
          }),
        )
        response.on('error', reject)
      },
    )
    call.on('error', reject)
    call.end(body)
  })
}

const answer = z.object({
  response: z.object({ uid: z.string(), allowed: z.literal(true), patch: z.string().min(1) }),
})

function review(uid: string): string {
  const { namespace } = own.cluster
  const object = pod({ name: uid, namespace, ...annotations('weights') })
  const kind = { group: '', version: 'v1', kind: 'Pod' }
  const resource = { group: '', version: 'v1', resource: 'pods' }
  const userInfo = { username: 'test' }
  const said = {
    uid,
    kind,
    resource,
    namespace,
    name: uid,
    operation: 'CREATE',
    userInfo,
    object,
    dryRun: false,
  }
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: said })
}

test('bodies of hundreds of thousands of small containers are denied before they are parsed', async () => {
  const [before = '', after = ''] = review('many').split('"containers":[')
  const containers = Array.from({ length: 330_000 }, (_, index) => `{"name":"c${index}"}`).join(',')
  const body = Buffer.from(`${before}"containers":[${containers},${after}`)
  expect(body.length).toBeGreaterThan(6_000_000)
  const replies = await Promise.all(Array.from({ length: 8 }, () => post(body)))
  for (const { status } of replies) expect([413, 503]).toContain(status)
  expect(replies.map(({ status }) => status)).toContain(413)
})

test('a crowd that announces large bodies and sends a byte of each keeps no large review waiting', async () => {
  const crowd = Array.from({ length: 64 }, () =>
    connectTls({ port: port(), host: '127.0.0.1', rejectUnauthorized: false }),
  )
  sockets.push(...crowd)
  await Promise.all(
    crowd.map(socket => new Promise<void>(resolve => socket.once('secureConnect', () => resolve()))),
  )
  const head = `POST /mutate-pods HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${4 * MIB}\r\n\r\n{`
  for (const socket of crowd) socket.on('error', () => {}).write(head)
  const padded = review('large').replace('"request":', `"padding":"${'x'.repeat(3 * MIB)}","request":`)
  for (let turn = 0; turn < 3; turn++) expect((await post(padded)).status).toBe(200)
})

test(`${AT_ONCE} pods at once are each given their patch, or put off`, async () => {
  const agent = new Agent({ maxSockets: 1_000 })
  const uids = Array.from({ length: AT_ONCE }, (_, index) => `uid-${index}`)
  const replies = await Promise.all(
    uids.map(async uid => ({ uid, reply: await post(review(uid), { agent }) })),
  )
  agent.destroy()
  const putOff = replies.filter(({ reply }) => reply.status === 503)
  for (const { reply } of putOff) expect(reply.retryAfter).toBe('1')
  for (const { uid, reply } of replies) {
    if (reply.status === 503) continue
    expect(reply.status).toBe(200)
    expect(answer.parse(JSON.parse(reply.body)).response.uid).toBe(uid)
  }
  console.log(`${AT_ONCE} at once: ${AT_ONCE - putOff.length} decided, ${putOff.length} put off`)
})

test('bytes that are no TLS, and handshakes that never go on', async () => {
  for (let count = 0; count < 50; count++) {
    const socket = connect(port(), '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write(
      count % 2 === 0 ? 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' : Buffer.from([0x16, 3, 1, 2, 0, 1, 0]),
    )
  }
  const plain = sockets.filter((_, index) => index % 2 === 0)
  await Promise.all(plain.map(socket => new Promise(resolve => socket.once('close', resolve))))
})

test('bodies of 100 MB are denied before they are read', async () => {
  const bytes = 100 * MIB
  const replies = Array.from({ length: 4 }, () =>
    post('{', { headers: { 'content-type': 'application/json', 'content-length': bytes } }).then(
      ({ status }) => status,
      // A request that is cut while it is sent counts as good.
      () => 413,
    ),
  )
  expect(await Promise.all(replies)).toEqual([413, 413, 413, 413])
})

test('bodies and headers that come a byte at a time', async () => {
  const starts = [
    'POST /mutate-pods HTTP/1.1\r\nHost: x\r\n',
    `POST /mutate-pods HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`,
  ]
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const socket = await handshake()
      socket.write(starts[index % 2] ?? '')
      for (let bytes = 0; bytes < 5; bytes++) {
        await new Promise(resolve => setTimeout(resolve, 20))
        socket.write(' ')
      }
    }),
  )
})

test(`${IDLE} connections that say nothing`, async () => {
  for (let made = 0; made < IDLE; made += 100) await Promise.all(Array.from({ length: 100 }, handshake))
})

function handshake(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port: port(), host: '127.0.0.1', rejectUnauthorized: false }, () =>
      resolve(socket),
    )
    sockets.push(socket)
    socket.once('error', reject)
    socket.on('error', () => {})
  })
}
