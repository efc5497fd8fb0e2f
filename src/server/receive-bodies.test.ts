import { Agent, type ClientRequest, request } from 'node:http'
import type { Socket } from 'node:net'
import { json } from 'node:stream/consumers'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMetrics, type Metrics } from '../process/metrics.ts'
import { type AdmissionMetrics, createAdmissionMetrics } from './admission-metrics.ts'
import { createCohorts } from './cohorts.ts'
import { receiveBodies } from './receive-bodies.ts'

const KIB = 1024
const MIB = 1024 * KIB
const BODY_LIMIT = 7 * MIB

let app: FastifyInstance
let url: string
let agent: Agent
let registry: Metrics['registry']
let metrics: AdmissionMetrics
let begun: ClientRequest[]
let sockets: Socket[]

beforeEach(async () => {
  const all = createMetrics()
  registry = all.registry
  metrics = createAdmissionMetrics(all)
  agent = new Agent({ keepAlive: true })
  begun = []
  sockets = []
  app = fastify()
  receiveBodies(app, { bodyLimit: BODY_LIMIT, cohorts: createCohorts(), metrics })
  app.post('/', async ({ body }) => ({ length: String(body).length }))
  app.server.on('connection', (socket: Socket) => sockets.push(socket))
  url = await app.listen({ host: '127.0.0.1', port: 0 })
})

afterEach(async () => {
  for (const call of begun) call.destroy()
  agent.destroy()
  await app.close()
})

interface Reply {
  status: number | undefined
  json: unknown
}

/**
 * Starts a request whose headers announce this many bytes, or no number if undefined. `from` is a loopback
 * address.
 */
function begin(
  bytes: number | undefined,
  from = '127.0.0.1',
): { call: ClientRequest; reply: Promise<Reply> } {
  const length = bytes === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': bytes }
  const headers = { 'content-type': 'application/json', ...length }
  const call = request(url, {
    method: 'POST',
    headers,
    ...(from === '127.0.0.1' ? { agent } : { localAddress: from }),
  })
  begun.push(call)
  const reply = new Promise<Reply>((resolve, reject) => {
    call.once('response', async response =>
      resolve({ status: response.statusCode, json: await json(response) }),
    )
    call.on('error', reject)
  })
  // A test may break the connection, and then ignores the answer.
  reply.catch(() => {})
  call.flushHeaders()
  return { call, reply }
}

/** A JSON body of this many bytes. */
const bodyOf = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2))

function ask(bytes: number, from?: string): Promise<Reply> {
  const { call, reply } = begin(bytes, from)
  call.end(bodyOf(bytes))
  return reply
}

/** Sends all of a body except its last byte, and waits until the server has read it. */
async function almost(bytes: number, from?: string) {
  const { call, reply } = begin(bytes, from)
  call.write(bodyOf(bytes).slice(0, -1))
  await vi.waitFor(() => expect(readFrom(call.socket?.localPort)).toBeGreaterThanOrEqual(bytes - 1), {
    timeout: 60_000,
  })
  return { finish: () => call.end('"'), call, reply }
}

/** Bytes that the server has read from the connection of that port. What the kernel holds does not count. */
function readFrom(port: number | undefined): number {
  return sockets.find(({ remotePort }) => remotePort === port)?.bytesRead ?? 0
}

const shed = async () => {
  const text = await registry.getSingleMetricAsString('modelcache_admission_shed_total')
  return Number(/cause="memory"\} (\d+)/.exec(text)?.[1] ?? 0)
}

const PUT_OFF = { status: 503 }
const LARGE = 6 * MIB

describe('a body', () => {
  test('is read up to the limit, whether its length is told or not', async () => {
    expect(await ask(BODY_LIMIT)).toEqual({ status: 200, json: { length: BODY_LIMIT - 2 } })
    const { call, reply } = begin(undefined)
    call.end(bodyOf(BODY_LIMIT))
    expect(await reply).toMatchObject({ status: 200 })
  })

  test('over the limit is denied, as soon as that is known', async () => {
    expect(await begin(100 * MIB).reply).toMatchObject({ status: 413 })
    const { call, reply } = begin(undefined)
    call.end(bodyOf(BODY_LIMIT + 1))
    expect(await reply).toMatchObject({ status: 413 })
    expect(await shed()).toBe(0)
  })

  test('of another type is 415', async () => {
    const response = await fetch(url, {
      method: 'POST',
      body: 'x',
      headers: { 'content-type': 'text/plain' },
    })
    expect(response.status).toBe(415)
  })
})

describe('what is announced takes no room:', () => {
  test('crowds that send one byte of a large body keep nobody out', async () => {
    for (const { call } of Array.from({ length: 50 }, () => begin(LARGE))) call.write('"')
    expect(await ask(LARGE)).toMatchObject({ status: 200 })
    expect(await shed()).toBe(0)
  })
})

describe('what has come does:', () => {
  test('five of 6 MiB fit, with a sixth one has to go, and small ones always pass', async () => {
    const waiting = await Promise.all(Array.from({ length: 5 }, () => almost(LARGE)))
    expect(await shed()).toBe(0)
    const last = ask(LARGE)
    expect(await Promise.race(waiting.map(({ reply }) => reply).concat(last))).toMatchObject(PUT_OFF)
    expect(await ask(64 * KIB)).toMatchObject({ status: 200 })
  })

  test('a crowd of one address does not put off another', async () => {
    const crowd = await Promise.all(Array.from({ length: 5 }, () => almost(LARGE, '127.0.0.2')))
    for (let turn = 0; turn < 3; turn++) expect(await ask(LARGE, '127.0.0.3')).toMatchObject({ status: 200 })
    expect(await Promise.race(crowd.map(({ reply }) => reply))).toMatchObject(PUT_OFF)
  })

  test('there is room again when one is answered, and when the connection of one breaks', async () => {
    const [first, second] = await Promise.all(Array.from({ length: 4 }, () => almost(LARGE)))
    first?.finish()
    expect(await first?.reply).toMatchObject({ status: 200 })
    second?.call.destroy()
    await vi.waitFor(async () => expect(await ask(LARGE)).toMatchObject({ status: 200 }), { timeout: 10_000 })
    expect(await ask(LARGE)).toMatchObject({ status: 200 })
  })
})
