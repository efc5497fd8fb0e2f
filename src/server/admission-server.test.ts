import { Agent, request } from 'node:https'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { aReview, aView } from '../admission/fixtures.ts'
import { mutatePod } from '../admission/pod/mutate.ts'
import { aPod, aReadyCache } from '../api/fixtures.ts'
import { issueCA, issueLeaf, type KeyedCertificate, serviceDnsNames } from '../certs/issue.ts'
import { createMetrics, type Metrics } from '../process/metrics.ts'
import type { LiveReader } from '../view/live-read.ts'
import { type AdmissionMetrics, createAdmissionMetrics } from './admission-metrics.ts'
import { BODY_LIMIT, createAdmissionServer } from './admission-server.ts'
import { aRecordedLogger } from './fixtures.ts'

const NAMES = serviceDnsNames('modelcache-webhook', 'modelcache-system')
const UID = aReview().request.uid
const GOOD = JSON.stringify(aReview({ object: aPod() }))
const DENIED = JSON.stringify(aReview({ object: aPod({ caches: 'gone' }) }))

let ca: KeyedCertificate
let leaf: KeyedCertificate
let app: FastifyInstance
let agent: Agent
let registry: Metrics['registry']
let metrics: AdmissionMetrics
let logged: Record<string, unknown>[]
let synced: boolean
let draining: boolean
let confirm: LiveReader
let port: number
let connections: number

beforeAll(async () => {
  ca = await issueCA({ commonName: 'test CA', days: 1 })
  leaf = await issueLeaf(ca, { commonName: 'webhook', dnsNames: NAMES, days: 1, usages: ['serverAuth'] })
})

beforeEach(async () => {
  const log = aRecordedLogger()
  logged = log.logged
  const all = createMetrics()
  registry = all.registry
  metrics = createAdmissionMetrics(all)
  synced = true
  draining = false
  confirm = async view => view
  app = createAdmissionServer({
    tls: { key: leaf.keyPem, cert: leaf.certPem },
    webhooks: {
      '/mutate-pods': mutatePod,
      '/broken': () => {
        throw new Error('a fault')
      },
    },
    view: aView({ caches: [aReadyCache()] }),
    confirm: (...question) => confirm(...question),
    synced: () => synced,
    draining: () => draining,
    metrics,
    logger: log.logger,
  })
  connections = 0
  app.server.on('secureConnection', () => {
    connections += 1
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  port = address.port
  agent = new Agent({ keepAlive: true, maxSockets: 1, ca: ca.certPem, servername: NAMES[2] })
})

afterEach(async () => {
  agent.destroy()
  await app.close()
})

interface Call {
  method?: string
  path?: string
  body?: string | undefined
  headers?: Record<string, string>
}

interface Answer {
  status: number | undefined
  headers: Record<string, string | string[] | undefined>
  json: { response?: Record<string, unknown>; [member: string]: unknown }
}

/** A call like the API server's, unless the test says otherwise. */
function call({ method = 'POST', path = '/mutate-pods?timeout=5s', body = GOOD, headers }: Call = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        agent,
        method,
        path,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...headers,
        },
      },
      async response => {
        try {
          const chunks: Buffer[] = await response.toArray()
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({ status: response.statusCode, headers: response.headers, json: JSON.parse(text) })
        } catch (error) {
          reject(error)
        }
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function expectGoodAnswer() {
  const { status, json } = await call()
  expect(status).toBe(200)
  expect(json.response).toMatchObject({ uid: UID, allowed: true, patchType: 'JSONPatch' })
}

/** A valid review of exactly this many bytes. */
function reviewOf(bytes: number): string {
  const pad = (note: string) => {
    const pod = aPod({ metadata: { annotations: { note } } })
    return JSON.stringify(aReview({ object: pod }))
  }
  return pad('x'.repeat(bytes - pad('').length))
}

describe('a review', () => {
  test('is answered with an AdmissionReview of the same uid', async () => {
    const { status, headers, json } = await call()
    expect(status).toBe(200)
    expect(headers['content-type']).toContain('application/json')
    expect(json).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: UID, allowed: true, patchType: 'JSONPatch', patch: expect.any(String) },
    })
  })

  test('that is denied is HTTP 200 too: the verdict is in the body', async () => {
    const { status, json } = await call({
      body: DENIED,
    })
    expect(status).toBe(200)
    expect(json.response).toMatchObject({ uid: UID, allowed: false, status: { code: 403 } })
  })

  test.each(['/mutate-pods', '/mutate-pods?timeout=nonsense', '/mutate-pods?timeout=1s&timeout=2s'])(
    'is answered at %s',
    async path => {
      expect((await call({ path })).json.response).toMatchObject({ allowed: true })
    },
  )

  test('may say its charset', async () => {
    const { status } = await call({ headers: { 'content-type': 'application/json; charset=utf-8' } })
    expect(status).toBe(200)
  })

  test('is logged and counted with its verdict', async () => {
    await call()
    await call({ body: DENIED })
    expect(logged).toMatchObject([
      { msg: 'reviewed', uid: UID, webhook: 'mutate-pods', operation: 'CREATE', allowed: true },
      { msg: 'reviewed', uid: UID, allowed: false, reasons: ['CacheNotFound'] },
    ])
    const text = await registry.metrics()
    expect(text).toMatch(/reviews_total\{[^}]*verdict="allowed",reason=""\} 1/)
    expect(text).toMatch(/reviews_total\{[^}]*verdict="denied",reason="CacheNotFound"\} 1/)
  })

  test('whose rule has a fault is denied, and the server goes on', async () => {
    const { status, json } = await call({ path: '/broken' })
    expect(status).toBe(200)
    expect(json.response).toMatchObject({ uid: UID, allowed: false, status: { code: 500 } })
    await expectGoodAnswer()
  })

  test.each(['"metadata":{', '"annotations":{', '"containers":[{'])(
    'may have a key __proto__ behind %s, which is a member as any other',
    async where => {
      const body = GOOD.replace(where, `${where}"__proto__":{"polluted":true},`)
      expect(body).not.toBe(GOOD)
      const [{ status, json }, { json: plain }] = [await call({ body }), await call()]
      expect(status).toBe(200)
      expect(json).toEqual(plain)
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    },
  )

  test('is denied before it is parsed when it has more values than any object needs', async () => {
    const containers = `[${Array.from({ length: 60_000 }, () => '{}').join(',')}]`
    const { status, json } = await call({
      body: GOOD.replace('"containers":[', `"containers":${containers},"x":[`),
    })
    expect(status).toBe(413)
    expect(json).toMatchObject({ message: expect.stringContaining('more than 20000 members') })
  })

  test('may be as large as the limit of 7 MiB', async () => {
    expect(BODY_LIMIT).toBe(7 * 1024 * 1024)
    const body = reviewOf(BODY_LIMIT)
    expect(body).toHaveLength(BODY_LIMIT)
    const { status, json } = await call({ body })
    expect(status).toBe(200)
    expect(json.response).toMatchObject({ uid: UID, allowed: true })
  })
})

describe('what is no review gets a Status that says why, and the next review is answered:', () => {
  const review = aReview({ object: aPod() })

  test.each<[string, number, Call, RegExp]>([
    ['another content type', 415, { headers: { 'content-type': 'text/plain' } }, /application\/json/],
    [
      'a form',
      415,
      { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      /application\/json/,
    ],
    ['YAML', 415, { headers: { 'content-type': 'application/yaml' } }, /application\/json/],
    ['malformed JSON', 400, { body: '{"apiVersion":' }, /./],
    ['text after JSON', 400, { body: `${GOOD}x` }, /./],
    ['an empty body', 400, { body: '' }, /./],
    ['null', 400, { body: 'null' }, /not an AdmissionReview v1/],
    ['a string', 400, { body: '"hello"' }, /not an AdmissionReview v1/],
    ['a list', 400, { body: '[]' }, /not an AdmissionReview v1/],
    ['a Pod', 400, { body: JSON.stringify(aPod()) }, /not an AdmissionReview v1/],
    ['no uid', 400, { body: JSON.stringify(aReview({ uid: undefined })) }, /request\.uid/],
    [
      'another version',
      400,
      { body: JSON.stringify({ ...review, apiVersion: 'admission.k8s.io/v1beta1' }) },
      /apiVersion/,
    ],
    ['a reply', 400, { body: JSON.stringify({ ...review, request: undefined, response: {} }) }, /request/],
    ['an unknown path', 404, { path: '/mutate' }, /POST an AdmissionReview to \/mutate-pods/],
    ['a path with more', 404, { path: '/mutate-pods/x' }, /unknown path/],
    ['GET', 404, { method: 'GET', body: '' }, /unknown path/],
    ['PUT', 404, { method: 'PUT' }, /unknown path/],
    ['one byte over 7 MiB', 413, { body: reviewOf(BODY_LIMIT + 1) }, new RegExp(`${BODY_LIMIT} bytes`)],
  ])('%s is %i', async (_, code, given, message) => {
    const { status, json } = await call(given)
    expect(status).toBe(code)
    expect(json).toMatchObject({
      apiVersion: 'v1',
      kind: 'Status',
      status: 'Failure',
      code,
      message: expect.stringMatching(message),
    })
    await expectGoodAnswer()
  })

  test('none of them counts as a review', async () => {
    await call({ body: 'null' })
    expect(await registry.metrics()).not.toContain('webhook="mutate-pods"')
  })
})

test('before the watches are synced a review is put off, not judged', async () => {
  synced = false
  const { status, headers, json } = await call()
  expect(status).toBe(503)
  expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  expect(json).toMatchObject({ kind: 'Status', code: 503 })
  synced = true
  await expectGoodAnswer()
})

describe('connections', () => {
  test('are ended by every answer while the server drains, so that none is lost when it closes', async () => {
    await expectGoodAnswer()
    draining = true
    expect((await call()).headers.connection).toBe('close')
    await expectGoodAnswer()
    expect(connections).toBe(2)
  })

  test('are kept: reviews that follow each other share one', async () => {
    await expectGoodAnswer()
    await expectGoodAnswer()
    await expectGoodAnswer()
    expect(connections).toBe(1)
  })

  test('are kept for longer than the 90 s after which the API server drops idle ones', () => {
    expect(app.server.keepAliveTimeout).toBeGreaterThan(90_000)
  })

  test('speak TLS with the certificate given: a client that trusts another CA is turned away', async () => {
    agent.destroy()
    agent = new Agent({
      ca: (await issueCA({ commonName: 'test CA', days: 1 })).certPem,
      servername: NAMES[2],
    })
    await expect(call()).rejects.toThrow(/certificate|self.signed/i)
  })
})

test('a review that is under way when the server closes is still answered, and so is the next on its connection', async () => {
  const asked = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  confirm = async view => {
    asked.resolve()
    await answered.promise
    return view
  }
  const answer = call({ body: DENIED })
  await asked.promise
  const closed = app.close()
  await vi.waitFor(() => expect(app.server.listening).toBe(false))
  // Waits for the only connection, and so arrives on it while the server closes.
  const next = call()
  answered.resolve()
  expect((await answer).json.response).toMatchObject({ uid: UID, allowed: false })
  const { headers, json } = await next
  expect(json.response).toMatchObject({ uid: UID, allowed: true })
  expect(headers.connection).toBe('close')
  expect(connections).toBe(1)
  await closed
})
