import { generateKeyPair, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'

const generateKeys = promisify(generateKeyPair)

/** A certificate and its private key, both PEM (the key as PKCS#8). */
export interface KeyedCertificate {
  certPem: string
  keyPem: string
}

export interface CARequest {
  commonName: string
  /** May be a fraction. It is rounded to whole seconds. */
  days: number
  /** The moment of issue; now, unless a test says otherwise. */
  now?: Date
}

export interface LeafRequest extends CARequest {
  /** The subject's O, which Kubernetes reads as the group of a client. */
  organization?: string
  dnsNames: readonly string[]
  ipAddresses?: readonly string[]
  usages: readonly ('serverAuth' | 'clientAuth')[]
}

const MINUTE_MS = 60_000
/** Milliseconds of a day. Validity is given in days. */
export const DAY_MS = 24 * 60 * MINUTE_MS
/** Certificates start this long before their issue, so that a peer with a slow clock accepts a fresh one. */
export const BACKDATE_MS = 60 * MINUTE_MS

// Values of GeneralName, RFC 5280 section 4.2.1.6.
const DNS_NAME = 2
const IP_ADDRESS = 7

/**
 * Creates a self-signed CA with a fresh RSA key. It may sign leaves only (path length 0), and is valid from
 * one hour before `now` until `days` after it.
 */
export async function issueCA(request: CARequest): Promise<KeyedCertificate> {
  const keys = await newKeys()
  const subject: forge.pki.CertificateField[] = [{ name: 'commonName', value: request.commonName }]
  const cert = blankCertificate(keys.publicKey, request)
  cert.setSubject(subject)
  cert.setIssuer(subject)
  cert.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: true },
  ])
  return signed(cert, keys.privatePem, keys.privatePem)
}

/**
 * Creates a leaf with a fresh RSA key, signed by `ca`, for exactly these names, addresses and usages. It is
 * valid from one hour before `now` until `days` after it, or until `ca` ends if that is earlier.
 */
export async function issueLeaf(ca: KeyedCertificate, request: LeafRequest): Promise<KeyedCertificate> {
  const keys = await newKeys()
  const caCert = forge.pki.certificateFromPem(ca.certPem)
  const cert = blankCertificate(keys.publicKey, request)
  cert.setSubject(leafSubject(request))
  cert.setIssuer(caCert.subject.attributes)
  cert.setExtensions(leafExtensions(request, caCert))
  if (cert.validity.notAfter > caCert.validity.notAfter) cert.validity.notAfter = caCert.validity.notAfter
  return signed(cert, ca.keyPem, keys.privatePem)
}

/** The names that pods and the API server use to reach a Service, shortest first. */
export function serviceDnsNames(service: string, namespace: string): string[] {
  const qualified = `${service}.${namespace}`
  return [service, qualified, `${qualified}.svc`, `${qualified}.svc.cluster.local`]
}

/**
 * node:crypto creates the key: forge would do it in JavaScript, which takes seconds and blocks the event
 * loop.
 */
async function newKeys() {
  const { publicKey, privateKey } = await generateKeys('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return {
    publicKey: forge.pki.publicKeyFromPem(publicKey),
    privatePem: privateKey,
  }
}

function blankCertificate(publicKey: forge.pki.PublicKey, request: CARequest): forge.pki.Certificate {
  const now = request.now ?? new Date()
  const cert = forge.pki.createCertificate()
  cert.publicKey = publicKey
  cert.serialNumber = randomSerial()
  cert.validity.notBefore = new Date(now.getTime() - BACKDATE_MS)
  cert.validity.notAfter = new Date(now.getTime() + request.days * DAY_MS)
  return cert
}

/** Sixteen random bytes. The first is in 0x40..0x7f: positive, not zero, and no leading zero to trim. */
function randomSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

function leafSubject({ commonName, organization }: LeafRequest): forge.pki.CertificateField[] {
  const group = organization === undefined ? [] : [{ name: 'organizationName', value: organization }]
  return [...group, { name: 'commonName', value: commonName }]
}

function leafExtensions(request: LeafRequest, caCert: forge.pki.Certificate): object[] {
  const altNames = [
    ...request.dnsNames.map(value => ({ type: DNS_NAME, value })),
    ...(request.ipAddresses ?? []).map(ip => ({ type: IP_ADDRESS, ip })),
  ]
  return [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', ...Object.fromEntries(request.usages.map(usage => [usage, true])) },
    ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : []),
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: caCert.generateSubjectKeyIdentifier().getBytes() },
  ]
}

function signed(cert: forge.pki.Certificate, signerPem: string, keyPem: string): KeyedCertificate {
  const key = forge.pki.privateKeyFromPem(signerPem)
  // forge encodes, and OpenSSL signs: signing in JavaScript blocks the event loop some thirty times as long.
  const signature = () =>
    sign('sha256', Buffer.from(forge.asn1.toDer(cert.tbsCertificate).getBytes(), 'latin1'), signerPem)
  cert.sign({ ...key, sign: () => signature().toString('latin1') }, forge.md.sha256.create())
  // forge writes CRLF, which breaks easily in YAML and in shell pipelines.
  return { certPem: forge.pki.certificateToPem(cert).replaceAll('\r\n', '\n'), keyPem }
}
