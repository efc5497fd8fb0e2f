import { pino } from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type FakeApiServer, startFakeApiServer } from '../cluster/fakeapiserver.ts'
import { createRest } from '../cluster/rest.ts'
import type { Authority } from './authority.ts'
import { authoritySecrets, CA_SECRET, newAuthoritySecret, readAuthority } from './authoritysecret.ts'
import { watchAuthority } from './authoritywatch.ts'
import { aCA, NOW } from './certificates.fixtures.ts'
import { DAY_MS, type KeyedCertificate } from './issue.ts'
import { endOf } from './verify.ts'

const NAMESPACE = 'modelcache-system'
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`
const CREATE = `POST ${SECRETS}`
const RESOURCE = authoritySecrets(NAMESPACE)

// Only a guard against hanging: no test takes a second, but machines can be slow.
vi.setConfig({ testTimeout: 60_000 })

let a: KeyedCertificate
let b: KeyedCertificate

let server: FakeApiServer
let now: number
let stop: AbortController
let log: string[]

beforeAll(async () => {
  ;[a, b] = await Promise.all([aCA(), aCA()])
})

beforeEach(async () => {
  server = await startFakeApiServer()
  now = NOW
  stop = new AbortController()
  log = []
})

afterEach(async () => {
  stop.abort()
  await server[Symbol.asyncDispose]()
  expect(log.join()).not.toContain('PRIVATE KEY')
})

const logger = pino({ level: 'trace' }, { write: line => log.push(line) })
const signedBy = (signer: KeyedCertificate): Authority => ({ signer, next: undefined, previous: [] })

/** What one replica sees. */
const aReplica = (caLifetimeMs = 365 * DAY_MS) =>
  watchAuthority({
    config: server.config,
    rest: createRest(server.config),
    namespace: NAMESPACE,
    caLifetimeMs,
    logger,
    signal: stop.signal,
    clock: () => now,
  })

type Replica = ReturnType<typeof aReplica>

const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })
const signerOf = (replica: Replica) => replica.current()?.reading.authority?.signer
const whenSignedBy = (replica: Replica, { certPem }: KeyedCertificate) =>
  until(() => expect(signerOf(replica)?.certPem).toBe(certPem))
async function made(replica: Replica): Promise<KeyedCertificate> {
  await until(() => expect(signerOf(replica)).toBeDefined())
  return signerOf(replica) ?? expect.fail('it has gone again')
}

const put = (authority: Authority) => server.put(RESOURCE, newAuthoritySecret(NAMESPACE, authority))
const spoil = () =>
  server.put(RESOURCE, { ...newAuthoritySecret(NAMESPACE, signedBy(b)), data: { 'signer.crt': 'aGVsbG8=' } })
const remove = () => server.delete(RESOURCE, NAMESPACE, CA_SECRET)
const creates = () => server.requests.filter(request => request === CREATE)

describe('where there is no Secret', () => {
  test('one is made with a fresh CA, which lasts as long as was asked for', async () => {
    const signer = await made(aReplica(10 * DAY_MS))
    expect(endOf(signer.certPem)).toBe(NOW + 10 * DAY_MS)
    expect(server.writes.map(({ query }) => query)).toEqual(['?fieldManager=modelcache-certificates'])
    expect(server.writes[0]?.body).toMatchObject({
      kind: 'Secret',
      metadata: { name: CA_SECRET, namespace: NAMESPACE },
      type: 'Opaque',
    })
  })

  test('several replicas that start at once agree on one CA', async () => {
    const { release } = server.hold()
    const replicas = Array.from({ length: 5 }, () => aReplica())
    release()
    const signers = await Promise.all(replicas.map(made))
    expect(new Set(signers.map(({ certPem }) => certPem)).size).toBe(1)
    // Each had seen that there is none, so each has tried, and none takes it for a failure.
    await until(() => expect(creates()).toHaveLength(5))
    await until(() => expect(log.filter(line => line.includes('made a CA'))).toHaveLength(1))
    expect(log.join()).not.toContain('will retry')
  })

  test('it is tried again when the API server refuses', async () => {
    server.failNext(2, { on: 'create', how: 500 })
    const replica = aReplica()
    await made(replica)
    expect(creates()).toHaveLength(3)
  })
})

describe('where there is one', () => {
  test('it is taken as it is, and nothing else is read or written', async () => {
    server.put(RESOURCE, { metadata: { name: 'other', namespace: NAMESPACE }, data: { token: 'Y2FuYXJ5' } })
    server.put(RESOURCE, { metadata: { name: CA_SECRET, namespace: 'elsewhere' } })
    put(signedBy(a))
    const replica = aReplica()
    await whenSignedBy(replica, a)
    put(signedBy(b))
    await whenSignedBy(replica, b)
    expect(server.writes).toEqual([])
    expect(new Set(server.requests)).toEqual(new Set([`GET ${SECRETS}`]))
    const queries = [...server.listQueries, ...server.watchQueries]
    expect(new Set(queries.map(query => query.get('fieldSelector')))).toEqual(
      new Set([`metadata.name=${CA_SECRET}`]),
    )
  })

  test('every change is told, until nobody wants to know', async () => {
    put(signedBy(a))
    const replica = aReplica()
    await whenSignedBy(replica, a)
    const told: (string | undefined)[] = []
    const quit = replica.onChange(() => told.push(signerOf(replica)?.certPem))
    put(signedBy(b))
    await whenSignedBy(replica, b)
    remove()
    // And made again, by this replica.
    const all = [b.certPem, undefined, b.certPem]
    await until(() => expect(told).toEqual(all))
    quit()
    put(signedBy(a))
    await whenSignedBy(replica, a)
    expect(told).toEqual(all)
  })

  test('that is spoilt, it is left alone, told about, and what was sound is held', async () => {
    put(signedBy(a))
    const replica = aReplica()
    await whenSignedBy(replica, a)
    spoil()
    await until(() => expect(replica.current()?.reading.authority).toBeUndefined())
    expect(replica.current()?.reading).toMatchObject({ problem: expect.stringContaining('signer') })
    expect(replica.held()?.signer).toEqual(a)
    expect(server.writes).toEqual([])
  })

  test('that is spoilt from the start, nothing is held, and nothing made beside it', async () => {
    spoil()
    const replica = aReplica()
    await until(() => expect(replica.current()).toBeDefined())
    expect(replica.held()).toBeUndefined()
    put(signedBy(a))
    await whenSignedBy(replica, a)
    expect(replica.held()?.signer).toEqual(a)
    expect(server.writes).toEqual([])
  })
})

describe('a Secret that vanishes', () => {
  const whole = (): Authority => ({
    signer: a,
    next: b,
    previous: [{ certPem: old.certPem, trustedUntil: NOW + DAY_MS }],
  })
  let old: KeyedCertificate

  beforeAll(async () => {
    old = await aCA()
  })

  test('comes back with all that it said', async () => {
    put(whole())
    const replica = aReplica()
    await whenSignedBy(replica, a)
    remove()
    await until(() => expect(creates()).toHaveLength(1))
    await whenSignedBy(replica, a)
    expect(replica.current()?.reading).toEqual({ authority: whole(), nextProblem: undefined })
  })

  test('comes back once, though all replicas see it go', async () => {
    put(whole())
    const replicas = [aReplica(), aReplica(), aReplica()]
    await Promise.all(replicas.map(replica => whenSignedBy(replica, a)))
    for (let round = 1; round <= 3; round++) {
      remove()
      await until(() => expect(log.filter(line => line.includes('with the same CA'))).toHaveLength(round))
      await Promise.all(replicas.map(replica => whenSignedBy(replica, a)))
    }
  })

  test('comes back with the CA that was sound, if it was spoilt before', async () => {
    put(signedBy(a))
    const replica = aReplica()
    await whenSignedBy(replica, a)
    spoil()
    await until(() => expect(replica.current()?.reading.authority).toBeUndefined())
    remove()
    await whenSignedBy(replica, a)
  })

  test('comes back although nobody saw it go', async () => {
    put(signedBy(a))
    const replica = aReplica()
    await whenSignedBy(replica, a)
    const { release } = server.hold()
    server.compact('event')
    server.endWatches()
    remove()
    release()
    await until(() => expect(creates()).toHaveLength(1))
    await whenSignedBy(replica, a)
  })

  test('comes back with a fresh CA, where what was held has run out', async () => {
    put(signedBy(a))
    const replica = aReplica()
    await whenSignedBy(replica, a)
    now += 365 * DAY_MS
    expect(replica.held()).toBeUndefined()
    expect(replica.current()?.reading.authority).toBeUndefined()
    remove()
    const fresh = await made(replica)
    expect(fresh.certPem).not.toBe(a.certPem)
    expect(endOf(fresh.certPem)).toBe(now + 365 * DAY_MS)
  })
})

test('a fresh CA is in force only once somebody stores it', async () => {
  put(signedBy(a))
  const replica = aReplica(DAY_MS)
  await whenSignedBy(replica, a)
  const fresh = await replica.freshCA()
  expect(endOf(fresh.certPem)).toBe(NOW + DAY_MS)
  const stored = newAuthoritySecret(NAMESPACE, signedBy(fresh))
  expect(readAuthority(stored, now).authority).toEqual(signedBy(fresh))
  expect(signerOf(replica)).toEqual(a)
  expect(server.writes).toEqual([])
})

test('after the signal nothing is made and nothing watched', async () => {
  put(signedBy(a))
  const replica = aReplica()
  await whenSignedBy(replica, a)
  await until(() => expect(server.openWatches()).toBe(1))
  stop.abort()
  await until(() => expect(server.openWatches()).toBe(0))
  remove()
  expect(signerOf(replica)).toEqual(a)
  expect(server.writes).toEqual([])
})
