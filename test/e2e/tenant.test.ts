import { beforeAll, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { classes, modelCache, pod, readyStatus, soundSpec } from './support/objects.ts'

// A user with the usual role `edit` in one namespace, and nothing else.
const TENANT = ['--as=tenant', '--as-group=tenants', '--as-group=system:authenticated']
let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
  const { code, stderr } = await cluster.kubectl([
    ...['create', 'rolebinding', 'tenant', '--clusterrole=edit', '--user=tenant'],
  ])
  expect(code, stderr).toBe(0)
  // Kubernetes adds our rules to its role after the installation.
  await eventually('the right to create ModelCaches', async () => {
    const { stdout } = await asTenant('auth', 'can-i', 'create', 'modelcaches')
    return stdout.trim() === 'yes' || undefined
  })
})

const asTenant = (...args: string[]) => cluster.kubectl([...args, ...TENANT])

async function expectForbidden(args: string[], what: string): Promise<void> {
  const { code, stderr } = await asTenant(...args)
  expect(code).toBe(1)
  expect(stderr).toContain('is forbidden: User "tenant" cannot ')
  expect(stderr).toContain(what)
}

test('creates, reads, changes and deletes ModelCaches', async () => {
  const created = await cluster.apply(modelCache('own', soundSpec()), ...TENANT)
  expect(created.code, created.stderr).toBe(0)
  for (const args of [
    ['get', 'modelcache/own'],
    ['label', 'modelcache/own', 'team=one'],
    ['delete', 'modelcache/own'],
  ]) {
    const { code, stderr } = await asTenant(...args)
    expect(code, stderr).toBe(0)
  }
})

test('is bound by the rules as everybody is', async () => {
  const { code, stderr } = await cluster.apply(
    modelCache('spoilt', soundSpec({ mount: { path: '/' } })),
    ...TENANT,
  )
  expect(code).toBe(1)
  expect(stderr).toContain('MountPathInvalid')
})

test('does not write a status, which would name a claim that others then mount', async () => {
  await cluster.need(modelCache('shared', soundSpec()))
  const patch = JSON.stringify({ status: readyStatus('modelcache--of-somebody') })
  await expectForbidden(
    ['patch', 'modelcache/shared', '--subresource=status', '--type=merge', '-p', patch],
    'cannot patch resource "modelcaches/status"',
  )
  // Nor together with what the tenant may write: the API server accepts status only at its own path.
  const beside = { ...modelCache('shared', soundSpec()), status: readyStatus('modelcache--of-somebody') }
  await cluster.apply(beside, '--server-side', '--force-conflicts', ...TENANT)
  expect(JSON.stringify(await cluster.get('modelcache/shared'))).not.toContain('modelcache--of-somebody"')
})

test.each([
  ['the Secret of the CA', ['-n', 'modelcache-system', 'get', 'secret/modelcache-webhook-ca'], 'secrets'],
  ['any Secret beside it', ['-n', 'modelcache-system', 'get', 'secrets'], 'secrets'],
  [
    'a token of the controller',
    ['-n', 'modelcache-system', 'create', 'token', 'modelcache-controller'],
    'token',
  ],
])('does not get %s', async (_what, args, named) => {
  await expectForbidden(args, named)
})

test.each([
  'mutatingwebhookconfiguration/modelcache-mutating',
  'validatingwebhookconfiguration/modelcache-validating',
  'validatingadmissionpolicy/modelcache-new-pods',
  'validatingadmissionpolicybinding/modelcache-new-pods',
  'crd/modelcaches.modelplane.ai',
  'clusterrole/modelcache-users-edit',
])('neither reads nor deletes %s', async object => {
  await expectForbidden(['get', object], object.split('/')[1] ?? '')
  await expectForbidden(['delete', object], object.split('/')[1] ?? '')
})

test('does not mount a managed claim writable, by a pod or by a Job', async () => {
  const spec = {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image: 'any', volumeMounts: [{ name: 'data', mountPath: '/mnt/model' }] }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'modelcache--shared' } }],
  }
  const writer = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'writer' },
    spec: { template: { spec } },
  }
  for (const object of [pod({}, spec), writer]) {
    const { code, stderr } = await cluster.apply(object, ...TENANT)
    expect(code).toBe(1)
    expect(stderr).toContain('ClaimWritable')
  }
})
