import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import { issueCA, issueLeaf, type KeyedCertificate, serviceDnsNames } from './issue.ts'

const NOW = new Date('2031-05-04T03:02:01Z')
const DNS_NAMES = serviceDnsNames('modelcache-webhook', 'modelcache-system')

let ca: KeyedCertificate
let leaf: KeyedCertificate
let stranger: KeyedCertificate

beforeAll(async () => {
  ;[ca, stranger] = await Promise.all([
    issueCA({ commonName: 'test CA', days: 30, now: NOW }),
    issueCA({ commonName: 'test CA', days: 30, now: NOW }),
  ])
  leaf = await issueLeaf(ca, {
    commonName: 'modelcache-webhook',
    organization: 'system:testers',
    dnsNames: DNS_NAMES,
    ipAddresses: ['127.0.0.1'],
    days: 7,
    usages: ['serverAuth'],
    now: NOW,
  })
})

describe('a CA', () => {
  it('is a CA that signed itself with the key given beside it', () => {
    const cert = new X509Certificate(ca.certPem)
    expect(cert.ca).toBe(true)
    expect(cert.verify(cert.publicKey)).toBe(true)
    expect(cert.checkPrivateKey(createPrivateKey(ca.keyPem))).toBe(true)
  })

  it('begins an hour before its issue and lasts the days asked for', () => {
    const cert = new X509Certificate(ca.certPem)
    expect(cert.validFromDate).toEqual(new Date('2031-05-04T02:02:01Z'))
    expect(cert.validToDate).toEqual(new Date('2031-06-03T03:02:01Z'))
  })
})

describe('a leaf', () => {
  it('was issued by its CA and by no other of the same name', () => {
    const cert = new X509Certificate(leaf.certPem)
    expect(cert.checkIssued(new X509Certificate(ca.certPem))).toBe(true)
    expect(cert.verify(new X509Certificate(ca.certPem).publicKey)).toBe(true)
    expect(cert.checkIssued(new X509Certificate(stranger.certPem))).toBe(false)
    expect(cert.verify(new X509Certificate(stranger.certPem).publicKey)).toBe(false)
  })

  it('answers to its names and addresses only', () => {
    const cert = new X509Certificate(leaf.certPem)
    for (const name of DNS_NAMES) expect(cert.checkHost(name)).toBe(name)
    expect(cert.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(cert.checkHost('modelcache-webhook.default.svc')).toBeUndefined()
    expect(cert.checkIP('127.0.0.2')).toBeUndefined()
  })

  it('carries its subject, usages and dates, and is no CA', () => {
    const cert = new X509Certificate(leaf.certPem)
    expect(cert.ca).toBe(false)
    expect(cert.subject).toBe('O=system:testers\nCN=modelcache-webhook')
    expect(cert.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(cert.validFromDate).toEqual(new Date('2031-05-04T02:02:01Z'))
    expect(cert.validToDate).toEqual(new Date('2031-05-11T03:02:01Z'))
    expect(cert.checkPrivateKey(createPrivateKey(leaf.keyPem))).toBe(true)
  })

  it('has a positive serial of its own', () => {
    const serials = [ca, leaf, stranger].map(({ certPem }) => new X509Certificate(certPem).serialNumber)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
    expect(new Set(serials).size).toBe(3)
  })
})

describe('in a TLS handshake', () => {
  it('a client that trusts the CA accepts the leaf', async () => {
    expect(await handshake(await freshServer(), { servername: DNS_NAMES[2] ?? '' })).toBe('authorized')
  })

  it('a client that trusts another CA of the same name does not', async () => {
    const server = await freshServer()
    const outcome = await handshake(
      { ...server, caPem: stranger.certPem },
      { servername: DNS_NAMES[2] ?? '' },
    )
    expect(outcome).not.toBe('authorized')
  })

  it('a client that expects another name does not', async () => {
    expect(await handshake(await freshServer(), { servername: 'elsewhere.svc' })).toMatch(/ALTNAME/)
  })
})

interface Server {
  leaf: KeyedCertificate
  caPem: string
}

/** A handshake checks the dates, so these certificates are valid now. */
async function freshServer(): Promise<Server> {
  const authority = await issueCA({ commonName: 'test CA', days: 1 })
  const request = { commonName: 'server', dnsNames: DNS_NAMES, days: 1, usages: ['serverAuth'] } as const
  return { leaf: await issueLeaf(authority, request), caPem: authority.certPem }
}

async function handshake(server: Server, { servername }: { servername: string }): Promise<string> {
  const listener = createServer({ cert: server.leaf.certPem, key: server.leaf.keyPem })
  listener.on('tlsClientError', () => {})
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const socket = connect({ host: '127.0.0.1', port: address.port, servername, ca: server.caPem })
  try {
    return await outcomeOf(socket)
  } finally {
    socket.destroy()
    listener.close()
  }
}

function outcomeOf(socket: TLSSocket): Promise<string> {
  return new Promise(resolve => {
    socket.once('secureConnect', () => resolve(socket.authorized ? 'authorized' : 'unauthorized'))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}
