import { z } from 'zod'
import { REGISTRY_SECRET_KEYS } from '../../../api/registry-secret-keys.ts'
import { parseJson } from '../../../api/schema/parse.ts'
import { HydrationError } from '../../failure.ts'
import { isServiceAccountToken } from '../../service-account-token.ts'
import type { SourceContext } from '../source.ts'
import { isDockerHub, type Reference } from './reference.ts'

/** Who asks a registry. */
export type RegistryCredentials =
  | { kind: 'password'; username: string; password: string }
  /** A refresh token, for which the registry gives access tokens. */
  | { kind: 'identity'; token: string }
  /** A token for the registry itself. */
  | { kind: 'registry'; token: string }

const text = z.string().optional()
const entry = z.object({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
})
type Entry = z.infer<typeof entry>

const oldConfig = z.record(z.string(), entry)
const config = z.object({
  auths: oldConfig.default({}),
  credsStore: text,
  credHelpers: z.record(z.string(), z.string()).optional(),
})

/**
 * The credentials for a repository in a Secret of any usual shape; undefined if it has none for that
 * registry.
 *
 * @throws HydrationError SecretNotFound, SecretMalformed, SecretNotAllowed
 */
export async function registryCredentials(
  secret: string | undefined,
  reference: Reference,
  { secretKey }: Pick<SourceContext, 'secretKey'>,
): Promise<RegistryCredentials | undefined> {
  if (secret === undefined) return undefined
  const { config: names, oldConfig: oldNames, username: user, password: pass } = REGISTRY_SECRET_KEYS
  const held = await secretKey(secret, names)
  if (held !== undefined) return inConfig(secret, parsed(held, config, secret), reference)
  const old = await secretKey(secret, oldNames)
  if (old !== undefined) return credentialsOf(secret, best(parsed(old, oldConfig, secret), reference))
  const [username, password] = [await secretKey(secret, user), await secretKey(secret, pass)]
  if (username !== undefined && password !== undefined) return { kind: 'password', username, password }
  const message = `Secret ${secret} does not exist or has no key ${names[0]}; create it in the namespace of the ModelCache: kubectl create secret docker-registry ${secret} --docker-server=HOST --docker-username=USER --docker-password=TOKEN`
  throw new HydrationError('SecretNotFound', message)
}

function parsed<T>(json: string, schema: z.ZodType<T>, secret: string): T {
  const found = schema.safeParse(parseJson(json))
  if (found.success) return found.data
  throw malformed(secret, 'is no config.json of Docker')
}

function inConfig(
  secret: string,
  { auths, credsStore, credHelpers }: z.infer<typeof config>,
  reference: Reference,
): RegistryCredentials | undefined {
  const found = credentialsOf(secret, best(auths, reference))
  if (found === undefined && (credsStore !== undefined || credHelpers !== undefined))
    throw malformed(
      secret,
      `names a credential helper, which hydration Jobs do not have, and no credentials for ${reference.registry}`,
    )
  return found
}

function malformed(secret: string, what: string): HydrationError {
  const fix = 'create it with kubectl create secret docker-registry'
  return new HydrationError('SecretMalformed', `Secret ${secret} ${what}; ${fix}`)
}

/**
 * The entry for a repository. A key is a host or a URL, may have a path, and its host may have wildcards; the
 * longest one counts, as kubelet has it ("Interpretation of config.json" of the Kubernetes documentation).
 */
function best(auths: Readonly<Record<string, Entry>>, reference: Reference): Entry | undefined {
  const keys = Object.keys(auths).filter(key => covers(key, reference))
  const [key] = keys.toSorted((one, other) => placeOf(other).length - placeOf(one).length)
  return key === undefined ? undefined : auths[key]
}

function covers(key: string, { registry, repository }: Reference): boolean {
  const [host = '', ...path] = placeOf(key).split('/')
  // Docker writes https://index.docker.io/v1/ for its hub.
  if (isDockerHub(host)) return isDockerHub(registry)
  const parts = repository.split('/')
  return matches(host, registry) && path.every((part, index) => parts[index] === part)
}

function placeOf(key: string): string {
  return key
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .replace(/^([^/]*)\/v[12]$/, '$1')
}

/** Compares hosts part by part. A wildcard stands for one part, or for a piece of it. */
function matches(pattern: string, host: string): boolean {
  const [of, is] = [pattern.split('.'), host.split('.')]
  return of.length === is.length && of.every((part, index) => matchesPart(part, is[index] ?? ''))
}

/** In linear time: the pieces between wildcards, one after the other. */
function matchesPart(pattern: string, part: string): boolean {
  const [first = '', ...pieces] = pattern.split('*')
  const last = pieces.pop()
  if (last === undefined) return pattern === part
  if (!part.startsWith(first) || !part.endsWith(last) || part.length < first.length + last.length)
    return false
  let at = first.length
  for (const piece of pieces) {
    const found = part.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return at <= part.length - last.length
}

function credentialsOf(secret: string, found: Entry | undefined): RegistryCredentials | undefined {
  if (found === undefined) return undefined
  const { auth, identitytoken, registrytoken } = found
  const [, inAuth = '', afterColon = ''] = /^([^:]*):(.*)$/s.exec(decoded(auth)) ?? []
  const username = found.username || inAuth
  const password = found.password || afterColon
  for (const held of [identitytoken, registrytoken, password]) if (held) checkAllowed(secret, held)
  if (identitytoken) return { kind: 'identity', token: identitytoken }
  if (registrytoken) return { kind: 'registry', token: registrytoken }
  if (username !== '') return { kind: 'password', username, password }
  if (auth) throw malformed(secret, 'has an entry whose auth is not the base64 of user:password')
  return undefined
}

function checkAllowed(secret: string, held: string): void {
  if (!isServiceAccountToken(held)) return
  const message = `Secret ${secret} holds the token of a ServiceAccount of this cluster, which no other host may get; use credentials of the registry`
  throw new HydrationError('SecretNotAllowed', message)
}

function decoded(auth: string | undefined): string {
  return Buffer.from(auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '')
}
