import { stringify } from 'yaml'
import type { KeyedCertificate } from '../../src/certs/issue.ts'

/** How a client authenticates: by a certificate or a bearer token. */
export type Identity = KeyedCertificate | { token: string }

/** The text of a kubeconfig that needs no other file: certificates and keys are embedded. */
export function kubeconfigFor(server: string, caPem: string, identity: Identity): string {
  const name = 'modelcache-testbed'
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [{ name, user: userOf(identity) }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  })
}

function userOf(identity: Identity) {
  if ('token' in identity) return { token: identity.token }
  return {
    'client-certificate-data': base64(identity.certPem),
    'client-key-data': base64(identity.keyPem),
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
