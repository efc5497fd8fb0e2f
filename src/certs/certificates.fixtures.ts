import { generateKeyPairSync, sign } from 'node:crypto'
import forge from 'node-forge'
import type { Authority } from './authority.ts'
import { type AuthoritySecret, CA_SECRET, changedSecret } from './authority-secret.ts'
import { type CARequest, issueCA, issueLeaf, type KeyedCertificate, type LeafRequest } from './issue.ts'

/** The moment of issue, in milliseconds since the epoch. */
export const NOW = Date.parse('2026-06-01T00:00:00Z')

export function aCA(changes: Partial<CARequest> = {}): Promise<KeyedCertificate> {
  return issueCA({ commonName: 'test CA', days: 365, now: new Date(NOW), ...changes })
}

export function aLeaf(ca: KeyedCertificate, changes: Partial<LeafRequest> = {}): Promise<KeyedCertificate> {
  return issueLeaf(ca, {
    commonName: 'test',
    dnsNames: ['localhost'],
    days: 7,
    usages: ['serverAuth'],
    now: new Date(NOW),
    ...changes,
  })
}

/** The Secret as manifests/secret.yaml installs it. */
export function anEmptySecret(namespace: string): AuthoritySecret {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: CA_SECRET, namespace }, type: 'Opaque' }
}

/** The Secret with that authority in it. */
export function aSecretOf(namespace: string, authority: Authority): AuthoritySecret {
  return changedSecret(anEmptySecret(namespace), authority)
}

/** A certificate `like` another, self-signed with an ECDSA key, as cert-manager can issue. */
export function anEcdsaPair(like: KeyedCertificate): KeyedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const algorithm = constructed(forge.asn1.Type.SEQUENCE, [
    primitive(forge.asn1.Type.OID, forge.asn1.oidToDer('1.2.840.10045.4.3.2').getBytes()),
  ])
  const [tbs] = partsOf(forge.pki.certificateToAsn1(forge.pki.certificateFromPem(like.certPem)))
  // RFC 5280 section 4.1: the third part names the algorithm, the seventh is the public key.
  const parts = partsOf(tbs).with(2, algorithm).with(6, fromDer(spki))
  const signed = constructed(forge.asn1.Type.SEQUENCE, parts)
  const signature = sign('sha256', toDer(signed), privateKey).toString('latin1')
  const cert = constructed(forge.asn1.Type.SEQUENCE, [
    signed,
    algorithm,
    primitive(forge.asn1.Type.BITSTRING, `\0${signature}`),
  ])
  const body = toDer(cert).toString('latin1')
  return {
    certPem: forge.pem.encode({ type: 'CERTIFICATE', body }).replaceAll('\r\n', '\n'),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** A certificate whose key is too short for TLS. */
export function aWeakPair(): KeyedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const cert = forge.pki.createCertificate()
  cert.publicKey = forge.pki.publicKeyFromPem(publicKey)
  cert.validity.notBefore = new Date(NOW)
  cert.validity.notAfter = new Date(NOW + 86_400_000)
  cert.setSubject([{ name: 'commonName', value: 'weak' }])
  cert.setIssuer(cert.subject.attributes)
  cert.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create())
  return { certPem: forge.pki.certificateToPem(cert), keyPem: privateKey }
}

const { UNIVERSAL } = forge.asn1.Class
const constructed = (type: forge.asn1.Type, value: forge.asn1.Asn1[]) =>
  forge.asn1.create(UNIVERSAL, type, true, value)
const primitive = (type: forge.asn1.Type, value: string) => forge.asn1.create(UNIVERSAL, type, false, value)
const toDer = (value: forge.asn1.Asn1) => Buffer.from(forge.asn1.toDer(value).getBytes(), 'latin1')
const fromDer = (der: Buffer) => forge.asn1.fromDer(der.toString('latin1'))
const partsOf = (node?: forge.asn1.Asn1) => (Array.isArray(node?.value) ? node.value : [])
