import { readFile } from 'node:fs/promises'
import type { Cluster } from '@kubernetes/client-node'
import { stringify } from 'yaml'
import { z } from 'zod'
import { KUBECONFIG_KEY } from '../api/inference-cluster.ts'
import { API_VERSION } from '../api/schema/group.ts'
import { objectName } from '../api/schema/object-name.ts'
import { isNotFound } from '../kube/api-error.ts'
import { collectionPath, objectPath } from '../kube/resource.ts'
import type { Rest } from '../kube/rest.ts'
import { clientFor, clientOptions } from './cluster-client.ts'
import type { Command } from './command.ts'
import { describeOptions, duration, flag, type Option, parseCommand, UsageError } from './options.ts'

const HOUR_MS = 3_600_000
const MANAGER = 'modelcache-hub-credentials'
const ROLE = 'modelcache-member'
const SECRETS_ROLE = 'modelcache-member-secrets'
const NAMESPACES_ROLE = 'modelcache-member-namespaces'
const SERVICE_ACCOUNTS = { apiVersion: 'v1', plural: 'serviceaccounts' }
const BINDINGS = { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'clusterrolebindings' }
const ROLES = { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'clusterroles' }

const OPTIONS = {
  duration: {
    schema: duration.pipe(z.number().min(HOUR_MS / 6, 'must be at least 10m')).default(30 * 24 * HOUR_MS),
    value: 'TIME',
    help: 'how long the token is valid, such as 12h or 90d; the cluster may shorten it; default 30d',
  },
  account: {
    schema: objectName.default('modelcache-hub-remote'),
    value: 'NAME',
    help: 'ServiceAccount of the hub in the registered cluster; default modelcache-hub-remote',
  },
  server: {
    schema: z.url().optional(),
    value: 'URL',
    help: 'address at which the hub reaches the API server; default: the one of the kubeconfig',
  },
  'system-namespace': {
    schema: objectName.default('modelcache-system'),
    value: 'NAME',
    help: 'namespace of ModelCache in both clusters; default modelcache-system',
  },
  secrets: {
    schema: flag,
    help: 'let the hub copy Secrets to the registered cluster (ClusterRole modelcache-member-secrets), for hubs with --replicate-secrets',
  },
  namespaces: {
    schema: flag,
    help: 'let the hub create namespaces in the registered cluster (ClusterRole modelcache-member-namespaces), for hubs with --create-namespaces',
  },
  'secret-only': {
    schema: flag,
    help: 'print the Secret alone, to renew the token of a cluster whose InferenceCluster exists',
  },
  'dry-run': {
    schema: flag,
    help: 'print what would be applied to the registered cluster, for reviews and GitOps, and change nothing',
  },
  context: clientOptions.context,
  kubeconfig: clientOptions.kubeconfig,
} satisfies Record<string, Option>

const HELP = `Usage: modelcache hub credentials CLUSTER [options]

Makes an account for the hub in the cluster of the kubeconfig, binds it to ClusterRole modelcache-member, and prints what the hub
needs: a Secret with a kubeconfig, and an InferenceCluster that names it. The output holds a token:

  modelcache hub credentials gpu-eu --context gpu-eu | kubectl --context hub apply -f -

Before the token ends, run it again with --secret-only. The hub takes the new one within a minute.

${describeOptions(OPTIONS)}

Exit codes: 0 done, 1 the cluster did not do it, 2 wrong usage.
`

/** The tool that registers a cluster at a hub, run by somebody who may bind roles in that cluster. */
export const hubCredentials: Command = {
  help: HELP,
  options: OPTIONS,

  async run(argv) {
    const given = parseCommand(OPTIONS, argv, { operands: 1 })
    if (given === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    const name = objectName.safeParse(given.operands[0]).data
    if (name === undefined) throw new UsageError('name the cluster, as its InferenceCluster shall be called')
    const { account, 'system-namespace': namespace, server, duration: durationMs } = given.options
    const { secrets, namespaces } = given.options
    const roles = [ROLE, ...(secrets ? [SECRETS_ROLE] : []), ...(namespaces ? [NAMESPACES_ROLE] : [])]
    const { serviceAccount, bindings } = memberObjects(namespace, account, roles)
    if (given.options['dry-run']) {
      process.stdout.write(documents([serviceAccount, ...bindings]))
      return 0
    }
    const { rest, cluster } = clientFor({
      context: given.options.context,
      kubeconfig: given.options.kubeconfig,
    })
    const access = await accessOf(cluster, server)
    await makeAccount(rest, { serviceAccount, bindings })
    const { token, ends } = await tokenFor(rest, { namespace, account, durationMs })
    process.stderr.write(
      `ServiceAccount ${namespace}/${account} is bound to ClusterRole ${roles.join(' and ')}; its token is valid until ${ends}\n`,
    )
    const { secret, inferenceCluster } = hubObjects(name, namespace, kubeconfigOf(access, token))
    process.stdout.write(documents(given.options['secret-only'] ? [secret] : [secret, inferenceCluster]))
    return 0
  },
}

function memberObjects(namespace: string, account: string, roles: readonly string[]) {
  return {
    serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace } },
    bindings: roles.map(role => ({
      apiVersion: BINDINGS.apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: `${account}${role.slice(ROLE.length)}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    })),
  }
}

function hubObjects(name: string, namespace: string, kubeconfig: string) {
  return {
    secret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secretOf(name), namespace },
      stringData: { [KUBECONFIG_KEY]: kubeconfig },
    },
    inferenceCluster: {
      apiVersion: API_VERSION,
      kind: 'InferenceCluster',
      metadata: { name },
      spec: { cluster: { source: 'Existing', existing: { secretRef: { name: secretOf(name) } } } },
    },
  }
}

/** Names of Secrets of others rarely begin like this. */
function secretOf(cluster: string): string {
  return `modelcache-member-${cluster}`.slice(0, 253)
}

function documents(objects: readonly object[]): string {
  return objects.map(object => stringify(object)).join('---\n')
}

async function makeAccount(
  rest: Rest,
  { serviceAccount, bindings }: ReturnType<typeof memberObjects>,
): Promise<void> {
  try {
    await rest.get(objectPath(ROLES, undefined, ROLE))
  } catch (error) {
    if (!isNotFound(error)) throw error
    throw new Error(`the cluster has no ClusterRole ${ROLE}; install ModelCache there first`, {
      cause: error,
    })
  }
  const options = { fieldManager: MANAGER, force: true }
  const { name, namespace } = serviceAccount.metadata
  await rest.apply(objectPath(SERVICE_ACCOUNTS, namespace, name), serviceAccount, options)
  for (const binding of bindings)
    await rest.apply(objectPath(BINDINGS, undefined, binding.metadata.name), binding, options)
}

const tokenReply = z.object({ status: z.object({ token: z.string(), expirationTimestamp: z.string() }) })

async function tokenFor(
  rest: Rest,
  { namespace, account, durationMs }: { namespace: string; account: string; durationMs: number },
): Promise<{ token: string; ends: string }> {
  const path = `${collectionPath(SERVICE_ACCOUNTS, namespace)}/${encodeURIComponent(account)}/token`
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: Math.floor(durationMs / 1000) },
  }
  const reply = await rest.create(path, body, { fieldManager: MANAGER })
  const { token, expirationTimestamp: ends } = tokenReply.parse(reply).status
  return { token, ends }
}

/** How the hub reaches the cluster: as the kubeconfig does, but without files. */
async function accessOf(cluster: Cluster, server: string | undefined): Promise<Record<string, unknown>> {
  const address = server ?? cluster.server
  if (server === undefined && /^https?:\/\/(localhost|127\.|\[::1\])/.test(address))
    process.stderr.write(`${address} is an address of this machine alone; the hub may need --server\n`)
  const ca = cluster.caData ?? (cluster.caFile && (await readFile(cluster.caFile)).toString('base64'))
  return {
    server: address,
    ...(ca && { 'certificate-authority-data': ca }),
    ...(cluster.skipTLSVerify && { 'insecure-skip-tls-verify': true }),
    ...(cluster.tlsServerName && { 'tls-server-name': cluster.tlsServerName }),
  }
}

function kubeconfigOf(cluster: Record<string, unknown>, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'member', cluster }],
    users: [{ name: 'hub', user: { token } }],
    contexts: [{ name: 'member', context: { cluster: 'member', user: 'hub' } }],
    'current-context': 'member',
  })
}
