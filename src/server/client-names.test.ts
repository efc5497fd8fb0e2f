import { once } from 'node:events'
import { connect } from 'node:tls'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { issueCA, issueLeaf, type KeyedCertificate } from '../certs/issue.ts'
import { admitClients } from './client-names.ts'

let ca: KeyedCertificate
let serving: KeyedCertificate
let apiserver: KeyedCertificate
let kubelet: KeyedCertificate
let app: FastifyInstance
let port: number

beforeAll(async () => {
  ca = await issueCA({ commonName: 'test CA', days: 1 })
  const client = { dnsNames: [], days: 1, usages: ['clientAuth'] } as const
  ;[serving, apiserver, kubelet] = await Promise.all([
    issueLeaf(ca, { commonName: 'webhook', dnsNames: ['localhost'], days: 1, usages: ['serverAuth'] }),
    issueLeaf(ca, { ...client, commonName: 'kube-apiserver' }),
    issueLeaf(ca, { ...client, commonName: 'system:node:"one"' }),
  ])
})

beforeEach(async () => {
  const tls = { key: serving.keyPem, cert: serving.certPem, ca: ca.certPem, requestCert: true }
  app = fastify({ https: tls })
  admitClients(app, ['other', 'kube-apiserver'])
  app.post('/', async () => ({ in: true }))
  port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
})

afterEach(() => app.close())

/** The headers of the answers to requests over one connection. */
async function ask({ certPem, keyPem }: KeyedCertificate, times = 1): Promise<string[]> {
  const trust = { ca: ca.certPem, servername: 'localhost' }
  const socket = connect({ port, host: '127.0.0.1', ...trust, cert: certPem, key: keyPem })
  try {
    const answers: string[] = []
    for (let time = 0; time < times; time++) {
      socket.write(
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
      )
      answers.push(String(await once(socket, 'data')))
    }
    return answers
  } finally {
    socket.destroy()
  }
}

test('a client with one of the names is let in, request after request', async () => {
  const answers = await ask(apiserver, 2)
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
  expect(answers).toHaveLength(2)
})

test('one with another name is told who is let in', async () => {
  const [answer] = await ask(kubelet)
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden/)
  const { message } = JSON.parse(answer?.split('\r\n\r\n')[1] ?? '')
  expect(message).toBe(
    'the client certificate has common name "system:node:\\"one\\""; --client-name allows other, kube-apiserver',
  )
})
