import { randomUUID, sign, X509Certificate } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { issueCA, issueLeaf } from '../../src/certs/issue.ts'
import type { RegistryOptions } from './registry.ts'
import { type Served, serveBy } from './serve-by.ts'

/**
 * A server that gives tokens for a registry, as "Token Authentication Specification" of distribution says.
 */
export interface TokenServer extends Served {
  /** What the registry must know of it. */
  readonly token: NonNullable<RegistryOptions['token']>
  /** `METHOD authorization form` of each request so far. */
  readonly asked: { method: string; authorization: string | undefined; form: string }[]
}

const SERVICE = 'registry.test'
const ISSUER = 'tokens.test'

/** Gives tokens to user tests with password canary-secret, and for the refresh token canary-refresh. */
export async function serveTokens({ seconds = 300 } = {}): Promise<TokenServer> {
  const ca = await issueCA({ commonName: 'tokens', days: 1 })
  const leaf = await issueLeaf(ca, {
    commonName: ISSUER,
    days: 1,
    dnsNames: [ISSUER],
    usages: ['serverAuth'],
  })
  const asked: TokenServer['asked'] = []
  const basic = `Basic ${Buffer.from('tests:canary-secret').toString('base64')}`
  const served = await serveBy(async (request, response) => {
    const method = request.method ?? ''
    const { authorization } = request.headers
    const form = (await buffer(request)).toString()
    asked.push({ method, authorization, form })
    const isKnown =
      method === 'POST' ? form.includes('refresh_token=canary-refresh') : authorization === basic
    if (!isKnown) return void response.writeHead(401).end()
    const query =
      method === 'POST' ? new URLSearchParams(form) : new URL(request.url ?? '', 'http://x').searchParams
    const [type, name, actions = ''] = query.get('scope')?.split(':') ?? []
    const access = [{ type, name, actions: actions.split(',') }]
    const token = jwt({ access, aud: query.get('service'), seconds }, leaf)
    const reply = method === 'POST' ? { access_token: token } : { token }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...reply, expires_in: seconds }))
  })
  return {
    ...served,
    asked,
    token: { realm: `${served.url}/token`, service: SERVICE, issuer: ISSUER, roots: ca.certPem },
  }
}

function jwt(
  { seconds, ...claims }: { access: object; aud: string | null; seconds: number },
  { certPem, keyPem }: { certPem: string; keyPem: string },
): string {
  const der = new X509Certificate(certPem).raw.toString('base64')
  const now = Math.floor(Date.now() / 1000)
  const header = { typ: 'JWT', alg: 'RS256', x5c: [der] }
  const payload = {
    ...{ iss: ISSUER, sub: 'tests', jti: randomUUID(), iat: now, nbf: now - 60, exp: now + seconds },
    ...claims,
  }
  const unsigned = [header, payload]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${unsigned}.${sign('sha256', Buffer.from(unsigned), keyPem).toString('base64url')}`
}
