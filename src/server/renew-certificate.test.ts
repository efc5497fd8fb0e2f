import { once } from 'node:events'
import tls, { connect, type TLSSocket } from 'node:tls'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { issueCA, issueLeaf, type KeyedCertificate } from '../certs/issue.ts'
import { renewCertificate } from './renew-certificate.ts'

let ca: KeyedCertificate
let first: KeyedCertificate
let second: KeyedCertificate
let app: FastifyInstance
let port: number
let sockets: TLSSocket[]

const leafOf = (commonName: string) =>
  issueLeaf(ca, { commonName, dnsNames: ['localhost'], days: 1, usages: ['serverAuth'] })

beforeAll(async () => {
  ca = await issueCA({ commonName: 'test CA', days: 1 })
  first = await leafOf('first')
  second = await leafOf('second')
})

beforeEach(async () => {
  sockets = []
  app = fastify({ https: { key: first.keyPem, cert: first.certPem, minVersion: 'TLSv1.2' } })
  app.get('/', async () => ({}))
  port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await app.close()
})

async function client(options: object = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: ca.certPem, ...options })
  sockets.push(socket)
  await once(socket, 'secureConnect')
  return socket
}

const servedTo = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN

const renew = ({ keyPem, certPem }: KeyedCertificate) => renewCertificate(app, { key: keyPem, cert: certPem })

test('connections made from then on are served with it, and those that are open go on', async () => {
  const old = await client()
  renew(second)
  const fresh = await client()
  expect(servedTo(old)).toBe('first')
  expect(servedTo(fresh)).toBe('second')
  for (const socket of [old, fresh]) {
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 200 OK/)
  }
})

test('a session from before is not resumed: its client sees the new certificate', async () => {
  const old = await client({ maxVersion: 'TLSv1.2' })
  const session = old.getSession()
  expect((await client({ maxVersion: 'TLSv1.2', session })).isSessionReused()).toBe(true)
  renew(second)
  const back = await client({ maxVersion: 'TLSv1.2', session })
  expect(back.isSessionReused()).toBe(false)
  expect(servedTo(back)).toBe('second')
})

test('TLS 1.1 stays denied, even where Node would take it by default', async () => {
  const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls
  // Without this, OpenSSL rejects it by itself.
  const ciphers = 'DEFAULT@SECLEVEL=0'
  Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1.1', DEFAULT_CIPHERS: ciphers })
  try {
    renew(second)
  } finally {
    Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS })
  }
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers }
  await expect(client(old)).rejects.toThrow(/alert protocol version/)
  expect(servedTo(await client({ maxVersion: 'TLSv1.2' }))).toBe('second')
})

test('a pair that does not match is denied, and the one before goes on', async () => {
  expect(() => renewCertificate(app, { key: first.keyPem, cert: second.certPem })).toThrow(
    /key values mismatch/,
  )
  expect(servedTo(await client())).toBe('first')
})

test('a server without TLS has no certificate to renew', () => {
  expect(() => renewCertificate(fastify(), { key: first.keyPem, cert: first.certPem })).toThrow(TypeError)
})
