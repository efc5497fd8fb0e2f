import { pino } from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type FakeApiServer, startFakeApiServer } from '../kube/api-server.fixtures.ts'
import type { Authority } from './authority.ts'
import { authoritySecrets, CA_SECRET } from './authority-secret.ts'
import { watchAuthority } from './authority-watch.ts'
import { aCA, anEmptySecret, aSecretOf, NOW } from './certificates.fixtures.ts'
import { DAY_MS, type KeyedCertificate } from './issue.ts'

const NAMESPACE = 'modelcache-system'
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`
const RESOURCE = authoritySecrets(NAMESPACE)

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

/** The state that one replica sees. */
const aReplica = () =>
  watchAuthority({
    config: server.config,
    namespace: NAMESPACE,
    logger,
    signal: stop.signal,
    clock: () => now,
  })

type Replica = ReturnType<typeof aReplica>

const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })
const signerOf = (replica: Replica) => replica.current()?.reading.authority?.signer
const whenSignedBy = (replica: Replica, { certPem }: KeyedCertificate) =>
  until(() => expect(signerOf(replica)?.certPem).toBe(certPem))

const put = (authority: Authority) => server.put(RESOURCE, aSecretOf(NAMESPACE, authority))
const spoil = () =>
  server.put(RESOURCE, { ...aSecretOf(NAMESPACE, signedBy(b)), data: { 'signer.crt': 'aGVsbG8=' } })
const remove = () => server.delete(RESOURCE, NAMESPACE, CA_SECRET)
const gone = () => log.filter(line => line.includes('is missing')).length

test('a Secret that is not there is said, with what to do, and never created', async () => {
  const replica = aReplica()
  await until(() => expect(gone()).toBe(1))
  expect(log.join()).toContain(`Secret ${NAMESPACE}/${CA_SECRET} is missing`)
  expect(log.join()).toContain('helm upgrade')
  expect(replica.current()).toBeUndefined()
  put(signedBy(a))
  await whenSignedBy(replica, a)
  expect(server.writes).toEqual([])
})

test('a Secret as it was installed has no CA yet, and is left alone', async () => {
  server.put(RESOURCE, anEmptySecret(NAMESPACE))
  const replica = aReplica()
  await until(() => expect(replica.current()?.reading.authority).toBeUndefined())
  put(signedBy(a))
  await whenSignedBy(replica, a)
  expect(gone()).toBe(0)
  expect(server.writes).toEqual([])
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
    const all = [b.certPem, undefined]
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
  test('is said, and what was sound is held', async () => {
    put(signedBy(a))
    const replica = aReplica()
    await whenSignedBy(replica, a)
    remove()
    await until(() => expect(gone()).toBe(1))
    expect(replica.current()).toBeUndefined()
    expect(replica.held()?.signer).toEqual(a)
    server.put(RESOURCE, anEmptySecret(NAMESPACE))
    await until(() => expect(replica.current()).toBeDefined())
    expect(replica.held()?.signer).toEqual(a)
    expect(server.writes).toEqual([])
  })

  test('is said although nobody saw it go', async () => {
    put(signedBy(a))
    const replica = aReplica()
    await whenSignedBy(replica, a)
    const { release } = server.hold()
    server.compact('event')
    server.endWatches()
    remove()
    release()
    await until(() => expect(gone()).toBe(1))
  })

  test('is held only until its CA has run out', async () => {
    put(signedBy(a))
    const replica = aReplica()
    await whenSignedBy(replica, a)
    now += 365 * DAY_MS
    expect(replica.held()).toBeUndefined()
    expect(replica.current()?.reading.authority).toBeUndefined()
  })
})

test('after the signal nothing is watched', async () => {
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
