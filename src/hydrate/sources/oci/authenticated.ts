import { z } from 'zod'
import { HydrationError } from '../../failure.ts'
import type { Http, Sign, SourceRequest } from '../../fetch/http.ts'
import { getJson } from '../../fetch/json.ts'
import { shown } from '../../fetch/rejection.ts'
import { type Challenge, challengeIn } from './challenge.ts'
import type { RegistryCredentials } from './docker-config.ts'

const UNAUTHORIZED = 401
/** Distribution's "Token Authentication Specification": what a token lasts that does not say so. */
const DEFAULT_SECONDS = 60
/** A token that ends sooner is renewed, so that it lasts for the request. */
const SPARE_MS = 10_000

const tokenReply = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional().catch(undefined),
})

/** What proves who asks, for a while. */
interface Proof {
  authorization: string
  untilMs: number
}

export interface AuthenticatedOptions {
  credentials: RegistryCredentials | undefined
  /** What a token is asked for if the registry does not say it. */
  scope: string
  now?: () => number
}

/**
 * A client that answers a registry which asks who we are: with a password, or with a token that another
 * server gives for it ("Token Authentication Specification" of distribution). One token serves all
 * connections, and is renewed before it ends.
 */
export function authenticatedHttp(
  http: Http,
  { credentials, scope, now = Date.now }: AuthenticatedOptions,
): Http {
  let challenge: Challenge | undefined
  let proof: Promise<Proof> | undefined

  const prove = (asked: Challenge, request: SourceRequest) => {
    challenge = asked
    proof = answer(asked, { http, credentials, scope, request, now })
    const current = proof
    // The next request asks again.
    current.catch(() => {
      if (proof === current) proof = undefined
    })
    return current
  }
  const signFor =
    (request: SourceRequest): Sign =>
    async () => {
      const current = proof
      if (challenge === undefined || current === undefined) return {}
      const held = await current
      if (held.untilMs - now() > SPARE_MS) return { authorization: held.authorization }
      // Another connection may have asked meanwhile.
      const { authorization } = await (proof === current || !proof ? prove(challenge, request) : proof)
      return { authorization }
    }

  return {
    async get(request) {
      const used = proof
      const ask = () =>
        http.get({
          ...request,
          sign: signFor(request),
          allowed: [...(request.allowed ?? []), UNAUTHORIZED],
        })
      const first = await ask()
      if (first.status !== UNAUTHORIZED) return first
      first.drop()
      const asked = challengeIn(first.headers['www-authenticate'])
      if (asked === undefined) throw unauthorized(request.url, credentials)
      // The address that the registry gave may have been what rejected us.
      if (request.via !== undefined) request.via.address = undefined
      // Another connection may have got a new one meanwhile.
      if (proof === used || proof === undefined) await prove(asked, request)
      const second = await ask()
      if (second.status !== UNAUTHORIZED) return second
      second.drop()
      throw unauthorized(request.url, credentials)
    },
  }
}

function unauthorized(url: string, credentials: RegistryCredentials | undefined): HydrationError {
  const fix =
    credentials === undefined
      ? 'it does not exist, or needs credentials; set secretRef to a Secret that has some for this registry'
      : 'put credentials that may read it in the Secret'
  return new HydrationError('Unauthorized', `${shown(url)} answers ${UNAUTHORIZED}: ${fix}`)
}

interface Answering {
  http: Http
  credentials: RegistryCredentials | undefined
  scope: string
  request: SourceRequest
  now: () => number
}

async function answer(challenge: Challenge, answering: Answering): Promise<Proof> {
  const { credentials, request } = answering
  if (credentials?.kind === 'registry') return forever(`Bearer ${credentials.token}`)
  if (challenge.scheme === 'bearer') return tokenFrom(challenge, answering)
  if (credentials?.kind === 'password') return forever(basic(credentials))
  throw unauthorized(request.url, credentials)
}

function forever(authorization: string): Proof {
  return { authorization, untilMs: Number.POSITIVE_INFINITY }
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

async function tokenFrom(
  { realm, service, scope: wanted }: Extract<Challenge, { scheme: 'bearer' }>,
  { http, credentials, scope, request, now }: Answering,
): Promise<Proof> {
  const url = checkedRealm(realm, request.url)
  const asking = { service: service ?? '', scope: wanted ?? scope }
  const { signal } = request
  const { value } = await getJson(
    http,
    credentials?.kind === 'identity'
      ? { url: url.href, method: 'POST', body: refreshing(credentials.token, asking), signal }
      : { url: withQuery(url, asking), ...signedBy(credentials), signal },
    tokenReply,
  )
  const token = value.token ?? value.access_token
  if (token === undefined)
    throw new HydrationError('Unauthorized', `${shown(url.href)} gives no token; correct the credentials`)
  return {
    authorization: `Bearer ${token}`,
    untilMs: now() + (value.expires_in ?? DEFAULT_SECONDS) * 1000,
  }
}

/** Credentials leave by TLS only, unless the registry itself has none. */
function checkedRealm(realm: string, asked: string): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined
  const isPlain = new URL(asked).protocol === 'http:'
  if (url !== undefined && (url.protocol === 'https:' || (isPlain && url.protocol === 'http:'))) return url
  const message = `${shown(asked)} wants a token from what is no https URL`
  throw new HydrationError('SourceUnavailable', message)
}

function withQuery(url: URL, asking: { service: string; scope: string }): string {
  const to = new URL(url)
  for (const [name, value] of Object.entries(asking)) if (value !== '') to.searchParams.append(name, value)
  return to.href
}

function signedBy(credentials: RegistryCredentials | undefined): { sign?: Sign } {
  if (credentials?.kind !== 'password') return {}
  return { sign: async () => ({ authorization: basic(credentials) }) }
}

function refreshing(token: string, asking: { service: string; scope: string }): URLSearchParams {
  return new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'modelcache',
    refresh_token: token,
    ...asking,
  })
}
