import { generateKeyPair } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { issueCA, issueLeaf, type KeyedCertificate } from '../../src/certs/issue.ts'

const generateKeys = promisify(generateKeyPair)

const DAYS = 30

/** All secrets of one control plane. */
export interface Pki {
  ca: KeyedCertificate
  apiserver: KeyedCertificate
  admin: KeyedCertificate
  controllerManager: KeyedCertificate
  scheduler: KeyedCertificate
  kubeProxy: KeyedCertificate
  /** The key that signs the tokens of ServiceAccounts. */
  serviceAccountKeyPem: string
}

/**
 * Creates the certificates and keys of a control plane at that address. The keys are generated side by side.
 */
export async function issuePki(address: string): Promise<Pki> {
  const serviceAccount = generateKeys('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const ca = await issueCA({ commonName: 'modelcache-testbed', days: DAYS })
  const [apiserver, admin, controllerManager, scheduler, kubeProxy, { privateKey }] = await Promise.all([
    issueLeaf(ca, {
      commonName: 'kube-apiserver',
      dnsNames: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
      ipAddresses: [...new Set(['127.0.0.1', '10.96.0.1', address])],
      days: DAYS,
      usages: ['serverAuth'],
    }),
    client(ca, 'admin', 'system:masters'),
    client(ca, 'system:kube-controller-manager'),
    client(ca, 'system:kube-scheduler'),
    client(ca, 'system:kube-proxy'),
    serviceAccount,
  ])
  return { ca, apiserver, admin, controllerManager, scheduler, kubeProxy, serviceAccountKeyPem: privateKey }
}

/** Signs a serving certificate with the control plane's CA. */
export function issueServing(ca: KeyedCertificate, dnsNames: readonly string[]): Promise<KeyedCertificate> {
  return issueLeaf(ca, {
    commonName: dnsNames[0] ?? 'localhost',
    dnsNames: [...dnsNames, 'localhost'],
    ipAddresses: ['127.0.0.1'],
    days: DAYS,
    usages: ['serverAuth'],
  })
}

function client(ca: KeyedCertificate, commonName: string, organization?: string): Promise<KeyedCertificate> {
  const request = { commonName, dnsNames: [], days: DAYS, usages: ['clientAuth'] } as const
  return issueLeaf(ca, organization === undefined ? request : { ...request, organization })
}

/** Writes `NAME.crt` and `NAME.key` into the folder and returns their paths. */
export async function writePair(dir: string, name: string, pair: KeyedCertificate) {
  const certFile = join(dir, `${name}.crt`)
  const keyFile = join(dir, `${name}.key`)
  await mkdir(dir, { recursive: true })
  await Promise.all([writeFile(certFile, pair.certPem), writeFile(keyFile, pair.keyPem, { mode: 0o600 })])
  return { certFile, keyFile }
}
