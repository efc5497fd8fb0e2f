import { Agent, type ClientRequest, request } from 'node:http'
import { json } from 'node:stream/consumers'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMetrics, type Metrics } from '../process/metrics.ts'
import { type AdmissionMetrics, createAdmissionMetrics } from './admission-metrics.ts'
import { shedOverload } from './overload.ts'

const MAX_LAG_MS = 1_000

let app: FastifyInstance
let url: string
let agent: Agent
let registry: Metrics['registry']
let metrics: AdmissionMetrics
let lagMs: number
/** How many requests were accepted before their bodies. */
let letIn: number
let connections: number
let begun: ClientRequest[]

async function start(maxLagMs: number) {
  app = fastify()
  const waitedMs = shedOverload(app, { lagMs: () => lagMs, maxLagMs, metrics })
  app.addHook('onRequest', async () => {
    letIn += 1
  })
  app.post('/', async call => ({ waitedMs: waitedMs(call) }))
  app.server.on('connection', () => {
    connections += 1
  })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
}

beforeEach(() => {
  const all = createMetrics()
  registry = all.registry
  metrics = createAdmissionMetrics(all)
  agent = new Agent({ keepAlive: true })
  lagMs = 0
  letIn = 0
  connections = 0
  begun = []
})

afterEach(async () => {
  for (const call of begun) call.destroy()
  agent.destroy()
  await app.close()
})

interface Reply {
  status: number | undefined
  retryAfter: string | undefined
  json: unknown
}

/** Starts a request. Its headers are on the way, and its body is not. */
function begin(bytes: number): { call: ClientRequest; reply: Promise<Reply> } {
  const headers = { 'content-type': 'application/json', 'content-length': bytes }
  const call = request(url, { method: 'POST', agent, headers })
  begun.push(call)
  const reply = new Promise<Reply>((resolve, reject) => {
    call.once('response', async response => {
      const { statusCode: status, headers } = response
      resolve({ status, retryAfter: headers['retry-after'], json: await json(response) })
    })
    call.on('error', reject)
  })
  // A test may break the connection, and then ignores the answer.
  reply.catch(() => {})
  call.flushHeaders()
  return { call, reply }
}

/** A JSON body of this many bytes. */
function bodyOf(bytes: number): string {
  return JSON.stringify('x'.repeat(bytes - 2))
}

async function ask(bytes = 100): Promise<Reply> {
  const { call, reply } = begin(bytes)
  call.end(bodyOf(bytes))
  return reply
}

/** Starts requests one after the other, and resolves when all of them are accepted. */
async function beginAll(count: number, bytes: number) {
  const before = letIn
  const all = Array.from({ length: count }, () => begin(bytes))
  await vi.waitFor(() => expect(letIn).toBe(before + count), { timeout: 10_000 })
  return all
}

const shed = () => registry.getSingleMetricAsString('modelcache_admission_shed_total')

const PUT_OFF = { status: 503, retryAfter: '1', json: { kind: 'Status', code: 503 } }

describe('while the event loop is late', () => {
  test('a request is put off before its body is read, and its connection goes on', async () => {
    await start(MAX_LAG_MS)
    lagMs = MAX_LAG_MS + 1
    const { call, reply } = begin(100)
    expect(await reply).toMatchObject(PUT_OFF)
    expect(letIn).toBe(0)
    expect(await shed()).toContain('{cause="event-loop-lag"} 1')
    lagMs = 0
    call.end(bodyOf(100))
    await vi.waitFor(() => expect(Object.keys(agent.freeSockets)).toHaveLength(1))
    expect(await ask()).toMatchObject({ status: 200 })
    expect(connections).toBe(1)
  })

  test('a request is decided as long as the lag is within the limit', async () => {
    await start(MAX_LAG_MS)
    lagMs = MAX_LAG_MS
    expect(await ask()).toMatchObject({ status: 200 })
    expect(await shed()).toContain('{cause="event-loop-lag"} 0')
  })

  test('a request is decided always where the limit is 0', async () => {
    await start(0)
    lagMs = 1e9
    expect(await ask()).toMatchObject({ status: 200 })
  })
})

describe('a request that was let in has waited', () => {
  test('for its turn', async () => {
    await start(MAX_LAG_MS)
    lagMs = 900
    const { json } = await ask()
    expect(json).toMatchObject({ waitedMs: expect.toSatisfy((ms: number) => ms >= 900) })
  })

  test('for its body', async () => {
    await start(MAX_LAG_MS)
    const [only] = await beginAll(1, 100)
    const since = performance.now()
    await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(since + 20))
    only?.call.end(bodyOf(100))
    expect((await only?.reply)?.json).toMatchObject({ waitedMs: expect.toSatisfy((ms: number) => ms > 20) })
  })
})
