import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { inRepository } from '../manifests/support/rendered.ts'
import { runCommand } from '../testbed/command.ts'
import { kubectlFor } from '../testbed/kubectl.ts'
import { freePort } from '../testbed/ports.ts'
import { type Cluster, eventually, namespaceOf } from './support/cluster.ts'
import { startHub } from './support/hub.ts'
import { RWX_CLASS } from './support/objects.ts'
import { type OwnPlane, startOwnPlane } from './support/own-plane.ts'

// The hub is a control plane of this file. Its member is the one that all files share, reached as anybody
// reaches a cluster: by a kubeconfig.

const SYSTEM = 'modelcache-system'
const MAIN = inRepository('src/main.ts')

const stored = z.looseObject({
  status: z
    .looseObject({
      clusterID: z.string().optional(),
      kubernetesVersion: z.string().optional(),
      storageClasses: z.array(z.string()).optional(),
      conditions: z
        .array(
          z.looseObject({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() }),
        )
        .optional(),
    })
    .optional(),
})
const adminConfig = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.string(), 'certificate-authority-data': z.string() }) }),
  ]),
  users: z.tuple([z.object({ user: z.record(z.string(), z.string()) })]),
})

let own: OwnPlane
let member: Cluster
let access: z.infer<typeof adminConfig>['clusters'][0]['cluster']
let adminOfMember: Record<string, string>
let token: string
const resources = new AsyncDisposableStack()

/** A kubeconfig of one cluster and one user. */
function kubeconfig(cluster: object = access, user: object = { token }): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
}

const need = async (object: object) => {
  const { code, stderr } = await own.kubectl(['apply', '-f', '-'], JSON.stringify(object))
  expect(code, stderr).toBe(0)
}
const secret = (name: string, text: string) =>
  need({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: SYSTEM },
    stringData: { kubeconfig: text },
  })
const inferenceCluster = (name: string, cluster: object | undefined, labels = {}) => ({
  apiVersion: 'modelplane.ai/v1alpha1',
  kind: 'InferenceCluster',
  metadata: { name, labels },
  spec: { ...(cluster && { cluster }) },
})
const existing = (name: string) => ({ source: 'Existing', existing: { secretRef: { name } } })

/** Registers a cluster with this kubeconfig. */
async function register(name: string, text: string): Promise<void> {
  await secret(name, text)
  await need(inferenceCluster(name, existing(name)))
}

async function statusOf(name: string) {
  const { stdout } = await own.kubectl(['get', `inferencecluster/${name}`, '-o', 'json'])
  return stored.parse(JSON.parse(stdout)).status
}

/** The message of condition Ready, once it has that reason. */
function until(name: string, reason: string): Promise<string> {
  return eventually(`${name} to say ${reason}`, async () => {
    const ready = (await statusOf(name))?.conditions?.find(({ type }) => type === 'Ready')
    return ready?.reason === reason ? ready.message : undefined
  })
}

/** Has the hub look at once, and not within a minute. */
const nudge = (name: string) =>
  own.kubectl(['annotate', `inferencecluster/${name}`, '--overwrite', `example.com/look=${Math.random()}`])

/** Removes a cluster, so that the next one is the only one of that API server. */
const remove = (name: string) => own.kubectl(['delete', `inferencecluster/${name}`])

beforeAll(async () => {
  const { kubectl, kubeconfig: path, dir } = inject('cluster')
  const bare = kubectlFor(kubectl, path, dir)
  member = await namespaceOf(bare)
  const config = adminConfig.parse(parse(await readFile(path, 'utf8')))
  access = config.clusters[0].cluster
  adminOfMember = config.users[0].user
  const account = { name: 'hub', namespace: member.namespace }
  await member.need(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'hub' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `hub-${member.namespace}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'modelcache-member' },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: RWX_CLASS },
      provisioner: 'filestore.csi.storage.gke.io',
    },
  )
  token = (await member.kubectl(['create', 'token', 'hub', '--duration=4h'])).stdout.trim()
  own = resources.use(await startOwnPlane())
  const plugin = join(own.dir, 'plugin.mjs')
  // It says what a plugin of a cloud says, and only for the cluster that it was told.
  await writeFile(
    plugin,
    `const { spec } = JSON.parse(process.env.KUBERNETES_EXEC_INFO)
     const known = spec.cluster.server === ${JSON.stringify(access.server)} && spec.cluster.config.audience === 'hub'
     const status = { token: known ? ${JSON.stringify(token)} : 'none' }
     console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }))`,
  )
  const file = join(own.dir, 'providers.json')
  const execConfig = { command: process.execPath, args: [plugin], provideClusterInfo: true }
  await writeFile(file, JSON.stringify({ providers: [{ name: 'cloud', execConfig }] }))
  resources.use(await startHub(own, ['--clusterprofile-provider-file', file]))
}, 300_000)
afterAll(() => resources.disposeAsync())

describe('a registered cluster', () => {
  test('is looked at by a kubeconfig with the token of an account that has no more rights than it needs', async () => {
    await register('by-token', kubeconfig())
    expect(await until('by-token', 'Ready')).toBe('caches can be staged there')
    const status = await statusOf('by-token')
    expect(status).toMatchObject({
      kubernetesVersion: expect.stringMatching(/^v1\.\d+/),
      modelCacheVersion: expect.stringMatching(/^\d+\.\d+/),
      server: access.server,
      caches: expect.any(Number),
    })
    expect(status?.storageClasses).toContain(RWX_CLASS)
    const { stdout } = await own.kubectl(['get', 'ic', 'by-token'])
    expect(stdout).toMatch(/^NAME +SOURCE +READY +VERSION +CLASS +CACHES +AGE\nby-token +Existing +True +v1/)
    const { stdout: wide } = await own.kubectl(['get', 'ic', 'by-token', '-o', 'wide'])
    expect(wide).toMatch(/REASON +MODELCACHE\n.* Ready +\d/)
    await eventually('an Event', async () => {
      const { stdout: described } = await own.kubectl(['describe', 'ic', 'by-token'])
      return /Normal +Ready .*caches can be staged there/.test(described) || undefined
    })
  })

  test('is Ready again after its credentials were rotated, and says what is wrong in between', async () => {
    const before = await statusOf('by-token')
    await secret('by-token', kubeconfig(access, { token: 'old' }))
    await nudge('by-token')
    expect(await until('by-token', 'Unauthorized')).toContain('does not accept the credentials')
    // What was known stays.
    expect(await statusOf('by-token')).toMatchObject({ clusterID: before?.clusterID, caches: before?.caches })
    await secret('by-token', kubeconfig())
    await nudge('by-token')
    await until('by-token', 'Ready')
  })

  test('is not registered twice', async () => {
    await register('twice', kubeconfig())
    expect(await until('twice', 'ClusterRegisteredTwice')).toContain(
      'InferenceCluster by-token is the same cluster',
    )
    await remove('twice')
  })

  test('is not taken for the one that answers in its place', async () => {
    const before = await statusOf('by-token')
    await secret('by-token', await administratorOf(own))
    await nudge('by-token')
    expect(await until('by-token', 'ClusterReplaced')).toContain(
      'delete this InferenceCluster and create it again',
    )
    expect(await statusOf('by-token')).toMatchObject({
      clusterID: before?.clusterID,
      storageClasses: before?.storageClasses,
    })
    await remove('by-token')
  })

  test('may be the one of the hub, which needs no kubeconfig', async () => {
    await need(inferenceCluster('here', { source: 'Local' }))
    await until('here', 'Ready')
    const { code, stderr } = await own.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify(inferenceCluster('also-here', { source: 'Local' })),
    )
    expect(code).toBe(1)
    expect(stderr).toContain('LocalClusterTaken: InferenceCluster here stands for this cluster already')
    // Its other fields can change.
    const labeled = inferenceCluster('here', { source: 'Local' }, { 'modelplane.ai/tier': 'prod' })
    await need(labeled)
    await remove('here')
  })
})

describe('modelcache hub credentials', () => {
  const asAdministrator = (...args: string[]) => {
    const { kubeconfig: path } = inject('cluster')
    const command = [MAIN, 'hub', 'credentials', ...args, '--kubeconfig', path]
    return runCommand(process.execPath, command)
  }

  test('makes an account in a cluster, and prints what registers the cluster', async () => {
    const account = `hub-of-${member.namespace}`
    const { code, stdout, stderr } = await asAdministrator('told', '--account', account, '--duration', '2h')
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('the hub may need --server')
    expect(stderr).toContain(`ServiceAccount ${SYSTEM}/${account} is bound to ClusterRole modelcache-member`)
    const applied = await own.kubectl(['apply', '-f', '-'], stdout)
    expect(applied.code, applied.stderr).toBe(0)
    await until('told', 'Ready')
    // Again, as before the token ends.
    const again = await asAdministrator('told', '--account', account, '--secret-only')
    const renewed = await own.kubectl(['apply', '-f', '-'], again.stdout)
    expect(renewed.stdout).toBe('secret/modelcache-member-told configured\n')
    await remove('told')
  })

  test('changes nothing in a dry run', async () => {
    const { stdout } = await asAdministrator('told', '--dry-run', '--account', 'nobody-yet')
    expect(stdout).toContain('kind: ClusterRoleBinding')
    expect(stdout).not.toContain('token')
    const { code } = await member.kubectl(['get', 'clusterrolebinding/nobody-yet'])
    expect(code).toBe(1)
  })

  test('says what is missing', async () => {
    const bare = await asAdministrator()
    expect(bare.code).toBe(2)
    expect(bare.stderr).toContain('name the cluster')
    const short = await asAdministrator('told', '--duration', '5s')
    expect(short.stderr).toContain('--duration: must be at least 10m')
  })
})

describe('a kubeconfig', () => {
  test.each<[what: string, text: () => string | Promise<string>]>([
    ['with a client certificate', () => kubeconfig(access, adminOfMember)],
    [
      'with another name for TLS',
      () => kubeconfig({ ...access, 'tls-server-name': 'kubernetes.default.svc' }),
    ],
    ['with a proxy', async () => kubeconfig({ ...access, 'proxy-url': await startProxy() })],
    [
      'without a CA, but with insecure-skip-tls-verify',
      () => kubeconfig({ server: access.server, 'insecure-skip-tls-verify': true }),
    ],
    [
      'with impersonation',
      () => kubeconfig(access, { ...adminOfMember, as: `system:serviceaccount:${member.namespace}:hub` }),
    ],
    [
      'in YAML',
      () => `apiVersion: v1
kind: Config
current-context: x
contexts: [{ name: x, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: "${access.server}", certificate-authority-data: ${access['certificate-authority-data']} } }]
users: [{ name: u, user: { token: ${token} } }]
`,
    ],
  ])('%s is used', async (_, text) => {
    await register('shaped', await text())
    await nudge('shaped')
    await until('shaped', 'Ready')
    await remove('shaped')
  })

  test.each<[what: string, reason: string, text: () => string, words: string]>([
    ['that is none', 'KubeconfigInvalid', () => ': [', 'is no kubeconfig'],
    [
      'that names files',
      'KubeconfigInvalid',
      () => kubeconfig(access, { 'client-key': '/etc/key' }),
      'client-key',
    ],
    [
      'with a plugin',
      'KubeconfigInvalid',
      () => kubeconfig(access, { exec: { command: 'gke' } }),
      'token of a ServiceAccount',
    ],
    [
      'with groups',
      'KubeconfigInvalid',
      () => kubeconfig(access, { token, 'as-groups': ['a'] }),
      'as-groups',
    ],
    ['of another scheme', 'KubeconfigInvalid', () => kubeconfig({ server: 'file:///etc' }), 'file:///etc'],
    ['without TLS', 'KubeconfigInvalid', () => kubeconfig({ server: 'http://127.0.0.1:9' }), 'without TLS'],
    [
      'that nobody answers',
      'Unreachable',
      () => kubeconfig({ server: 'https://127.0.0.1:9999' }),
      'ECONNREFUSED',
    ],
    ['of another CA', 'Unreachable', () => kubeconfig({ server: access.server }), 'certificate'],
    [
      'of another name',
      'Unreachable',
      () => kubeconfig({ ...access, 'tls-server-name': 'no.example.com' }),
      'no.example.com',
    ],
  ])('%s is %s', async (_, reason, text, words) => {
    await register('wrong', text())
    await nudge('wrong')
    expect(await until('wrong', reason)).toContain(words)
    await remove('wrong')
  })

  test('that is missing is SecretNotFound, also without its key', async () => {
    await need(inferenceCluster('lost', existing('nowhere')))
    expect(await until('lost', 'SecretNotFound')).toContain(`Secret ${SYSTEM}/nowhere does not exist`)
    await need({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'nowhere', namespace: SYSTEM },
      stringData: { value: kubeconfig() },
    })
    await nudge('lost')
    await eventually(
      'the key',
      async () => (await until('lost', 'SecretNotFound')).includes('has no key') || undefined,
    )
    const keyed = { source: 'Existing', existing: { secretRef: { name: 'nowhere', key: 'value' } } }
    await need(inferenceCluster('lost', keyed))
    await until('lost', 'Ready')
    await remove('lost')
  })

  test('of an account without rights is Forbidden', async () => {
    await member.need({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody' } })
    const { stdout } = await member.kubectl(['create', 'token', 'nobody'])
    await register('unbound', kubeconfig(access, { token: stdout.trim() }))
    expect(await until('unbound', 'Forbidden')).toContain('cannot get resource')
    await remove('unbound')
  })
})

test('a cluster that lies harms nobody', async () => {
  const lies: Record<string, unknown> = {
    '/version': { gitVersion: `v1.\u001b[31m${'9'.repeat(1_000)}` },
    '/api/v1/namespaces/kube-system': { metadata: { uid: 'liar\u202e' } },
    '/apis/storage.k8s.io/v1/storageclasses': {
      metadata: {},
      items: [
        { metadata: { name: 'a' }, provisioner: 'nfs.csi.k8s.io' },
        { metadata: { name: 'b\u202e' }, provisioner: 'nfs.csi.k8s.io' },
        { metadata: 7 },
      ],
    },
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/modelcaches.modelplane.ai': {
      metadata: { labels: { 'app.kubernetes.io/version': '\u0007' } },
      spec: { versions: [{ name: 'v1alpha1', served: true }] },
    },
    '/apis/modelplane.ai/v1alpha1/modelcaches': { metadata: { remainingItemCount: 1e12 }, items: [] },
  }
  const server = await serve(
    createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://x')
      response.statusCode = pathname in lies ? 200 : 404
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(lies[pathname] ?? { kind: 'Status', code: 404, message: '\u001b[2J' }))
    }),
  )
  await register('liar', kubeconfig({ server, 'insecure-skip-tls-verify': true }))
  await until('liar', 'Ready')
  const text = JSON.stringify(await statusOf('liar'))
  expect(text).toContain('v1.\\\\u{1b}[31m999')
  expect(text).not.toMatch(/\\u001b|\\u0007|\u202e/)
  lies['/version'] = 'a'.repeat(5 * 1024 * 1024)
  await nudge('liar')
  await until('liar', 'Unreachable')
  await remove('liar')
})

test('a ClusterProfile is reached by the plugin of its access provider', async () => {
  await need(profileCrd)
  await eventually('the kind', async () => {
    const { code } = await own.kubectl(['get', 'clusterprofiles', '-A'])
    return code === 0 || undefined
  })
  const at = { namespace: 'default', name: 'fleet-1' }
  await need(inferenceCluster('profiled', { source: 'ClusterProfile', clusterProfile: at }))
  expect(await until('profiled', 'ClusterProfileNotFound')).toContain('default/fleet-1 does not exist')
  const extension = { name: 'client.authentication.k8s.io/exec', extension: { audience: 'hub' } }
  const profile = (provider: string) => ({
    apiVersion: 'multicluster.x-k8s.io/v1alpha1',
    kind: 'ClusterProfile',
    metadata: at,
    spec: { clusterManager: { name: 'fleet' } },
    status: { accessProviders: [{ name: provider, cluster: { ...access, extensions: [extension] } }] },
  })
  await need(profile('other'))
  await nudge('profiled')
  expect(await until('profiled', 'AccessProviderUnknown')).toContain(
    '"other", and the hub has plugins for cloud',
  )
  await need(profile('cloud'))
  await nudge('profiled')
  await until('profiled', 'Ready')
  await remove('profiled')
})

test.each<[what: string, cluster: object, words: string]>([
  ['Existing without a Secret', { source: 'Existing' }, 'source Existing needs existing'],
  ['ClusterProfile without one', { source: 'ClusterProfile' }, 'source ClusterProfile needs clusterProfile'],
  [
    'Local with a Secret',
    { source: 'Local', existing: { secretRef: { name: 'x' } } },
    'existing belongs to source Existing',
  ],
])('source %s is denied, with or without a webhook', async (_, cluster, words) => {
  const { code, stderr } = await own.kubectl(
    ['apply', '-f', '-'],
    JSON.stringify(inferenceCluster('odd', cluster)),
  )
  expect(code).toBe(1)
  expect(stderr).toContain(`ClusterInvalid: ${words}`)
})

test('each field is explained', async () => {
  const { stdout } = await own.kubectl(['explain', 'ic.spec.cluster.existing.secretRef.key'])
  expect(stdout).toContain('Key of the kubeconfig in the Secret')
})

/** A kubeconfig of the administrator of a plane. */
function administratorOf({ controlPlane }: OwnPlane): Promise<string> {
  return readFile(controlPlane.kubeconfig, 'utf8')
}

async function serve(server: Server): Promise<string> {
  const port = await freePort()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  resources.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${port}`
}

/** A proxy that tunnels, as those of companies do. */
function startProxy(): Promise<string> {
  const server = createServer()
  server.on('connect', (request, client) => {
    const [host = '', port] = request.url?.split(':') ?? []
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(client)
      client.pipe(upstream)
    })
    upstream.on('error', () => client.destroy())
    client.on('error', () => upstream.destroy())
  })
  return serve(server)
}

/** As much of the kind of SIG Multicluster as the hub reads. */
const profileCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'clusterprofiles.multicluster.x-k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes/enhancements/pull/4322' },
  },
  spec: {
    group: 'multicluster.x-k8s.io',
    scope: 'Namespaced',
    names: {
      kind: 'ClusterProfile',
      listKind: 'ClusterProfileList',
      plural: 'clusterprofiles',
      singular: 'clusterprofile',
    },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}
