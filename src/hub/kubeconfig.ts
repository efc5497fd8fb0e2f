import type { User } from '@kubernetes/client-node'
import { parse } from 'yaml'
import { z } from 'zod'
import { firstIssue } from '../api/schema/parse.ts'
import { quote } from '../api/schema/text.ts'
import { PooledKubeConfig } from '../kube/kubeconfig.ts'
import { ClusterProblem } from './problem.ts'

/** Kubernetes: a Secret holds at most 1 MiB. A kubeconfig of one cluster has some KiB. */
const MAX_CHARACTERS = 256 * 1024
const MAX_ENTRIES = 1_000

/** Members that name a file. The hub has the files of its image only. */
const FILES = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile']
/** Members that client-node leaves out silently. Without them the hub would act as somebody else. */
const IMPERSONATION = ['as-uid', 'as-groups', 'as-user-extra']

const optional = z.string().nullish()

/** How to reach an API server, as kubeconfigs and ClusterProfiles say it. */
export const clusterAccess = z.looseObject({
  server: z.string().max(2048),
  'certificate-authority-data': optional,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': optional,
  'proxy-url': optional,
})

export type ClusterAccess = z.infer<typeof clusterAccess>

const user = z.looseObject({
  'client-certificate-data': optional,
  'client-key-data': optional,
  token: optional,
  username: optional,
  password: optional,
  as: optional,
})

type Credentials = z.infer<typeof user>

const context = z.looseObject({ cluster: z.string(), user: optional })

const listOf = <T extends z.ZodObject>(entry: T) => z.array(entry).max(MAX_ENTRIES).nullish()

const kubeconfig = z.looseObject({
  'current-context': optional,
  contexts: listOf(z.looseObject({ name: z.string(), context: context.nullish() })),
  clusters: listOf(z.looseObject({ name: z.string(), cluster: clusterAccess.nullish() })),
  users: listOf(z.looseObject({ name: z.string(), user: user.nullish() })),
})

/**
 * The connection that the current context of a kubeconfig describes. Everything must be within it. `where`
 * names it in messages.
 *
 * @throws ClusterProblem KubeconfigInvalid.
 */
export function readKubeconfig(text: string, where: string): PooledKubeConfig {
  try {
    const { to, as } = currentOf(text)
    const problem = problemOf(to, as)
    if (problem !== undefined) throw new Problem(problem)
    return connectionTo(to, userOf(as))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw new ClusterProblem('KubeconfigInvalid', `${where} ${error.message}`)
  }
}

/** What is wrong with a kubeconfig, as the end of a sentence about it. */
class Problem extends Error {}

/** The cluster and the user of the current context. */
function currentOf(text: string): { to: ClusterAccess; as: Credentials } {
  if (text.length > MAX_CHARACTERS)
    throw new Problem(`has ${text.length} characters, but at most ${MAX_CHARACTERS} are read`)
  const found = kubeconfig.safeParse(parsed(text))
  if (!found.success) {
    const { field, message } = firstIssue(found.error)
    throw new Problem(`is no kubeconfig: ${field && `${field}: `}${message}`)
  }
  const { contexts, clusters, users, 'current-context': current } = found.data
  if (!current) throw new Problem('has no current-context')
  const chosen = contexts?.find(({ name }) => name === current)?.context
  if (!chosen) throw new Problem(`has no context ${quote(current)}, which is its current-context`)
  const to = clusters?.find(({ name }) => name === chosen.cluster)?.cluster
  if (!to) throw new Problem(`has no cluster ${quote(chosen.cluster)}`)
  return { to, as: users?.find(({ name }) => name === chosen.user)?.user ?? {} }
}

/** YAML, or undefined if it is none. JSON is YAML, too. */
function parsed(text: string): unknown {
  try {
    // A kubeconfig needs no aliases, and they could make it huge.
    return parse(text, { maxAliasCount: 0 })
  } catch {
    return undefined
  }
}

function problemOf(to: ClusterAccess, as: Credentials): string | undefined {
  const file = FILES.find(name => to[name] || as[name])
  if (file !== undefined)
    return `names a file in ${file}, which the hub does not have; put its content into the kubeconfig`
  if (as.exec || as['auth-provider'])
    return 'runs a program to log in, which the hub does not do; use the token of a ServiceAccount'
  const more = IMPERSONATION.find(name => as[name])
  if (more !== undefined) return `has ${more}, but the hub impersonates a user by the name alone`
  if (!isAddress(to.server)) return `has ${quote(to.server)} as address of the API server`
  // client-node rejects it, too.
  if (to.server.startsWith('http:') && to['insecure-skip-tls-verify'] !== true)
    return 'would send credentials without TLS; use https, or set insecure-skip-tls-verify'
  return undefined
}

/** Whether a text is the address of a server. */
export function isAddress(server: string): boolean {
  return URL.canParse(server) && /^https?:$/.test(new URL(server).protocol)
}

function userOf(as: Credentials): User {
  return {
    name: 'hub',
    ...given('certData', as['client-certificate-data']),
    ...given('keyData', as['client-key-data']),
    ...given('token', as.token),
    ...given('username', as.username),
    ...given('password', as.password),
    ...given('impersonateUser', as.as),
  }
}

/** The connection to a cluster as somebody. */
export function connectionTo(to: ClusterAccess, as: User): PooledKubeConfig {
  const config = new PooledKubeConfig()
  const cluster = {
    name: 'member',
    server: to.server.replace(/\/+$/, ''),
    skipTLSVerify: to['insecure-skip-tls-verify'] === true,
    ...given('caData', to['certificate-authority-data']),
    ...given('tlsServerName', to['tls-server-name']),
    ...given('proxyUrl', to['proxy-url']),
  }
  config.loadFromClusterAndUser(cluster, as)
  return config
}

function given<K extends string>(name: K, value: string | null | undefined): { [key in K]?: string } {
  return value ? ({ [name]: value } as { [key in K]?: string }) : {}
}
