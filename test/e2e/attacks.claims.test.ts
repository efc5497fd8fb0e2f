import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { claim, classes, pausedCache, pod, readyStatus, soundSpec } from './support/objects.ts'

// A tenant with role edit can do nothing to the claim of a cache or to its hydration pod. Policies hold most
// of this, so the API server alone does.
const TENANT = ['--as=tenant', '--as-group=tenants', '--as-group=system:authenticated']
const CONTROLLER = ['--as=system:serviceaccount:modelcache-system:modelcache-controller']
const CLAIM = 'modelcache--weights'
const LABEL = { 'modelplane.ai/modelcache': 'weights' }
const image = 'registry.example.com/anything'
let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes, pausedCache('weights', soundSpec()), labelled(CLAIM))
  await cluster.setStatus('modelcache/weights', readyStatus(CLAIM))
  const { code, stderr } = await cluster.kubectl([
    ...['create', 'rolebinding', 'tenant', '--clusterrole=edit', '--user=tenant'],
  ])
  expect(code, stderr).toBe(0)
  // Role edit may not debug. Somebody who may is kept out of hydration all the same.
  await cluster.kubectl([
    ...['create', 'role', 'debugger', '--verb=update,patch', '--resource=pods/ephemeralcontainers'],
  ])
  await cluster.kubectl(['create', 'rolebinding', 'debugger', '--role=debugger', '--user=tenant'])
  await eventually('the default service account', async () =>
    (await cluster.kubectl(['get', 'serviceaccount/default'])).code === 0 ? true : undefined,
  )
})

function labelled(name: string) {
  const made = claim(name, ['ReadWriteMany'])
  return { ...made, metadata: { ...made.metadata, labels: LABEL } }
}

const create = (who: string[], object: object) =>
  cluster.kubectl([...who, 'create', '-f', '-'], JSON.stringify(object))

async function expectDenied(args: string[], reason: string, input?: object): Promise<void> {
  const { code, stderr } = await cluster.kubectl(
    [...TENANT, ...args],
    input === undefined ? undefined : JSON.stringify(input),
  )
  expect(code, stderr).toBe(1)
  expect(stderr).toContain(`${reason}: `)
}

/** A pod with an ephemeral volume, whose claim is named after both. */
function ephemeral(name: object, volume: string) {
  const volumeClaimTemplate = { spec: claim('any', ['ReadWriteMany']).spec }
  return pod(name, {
    containers: [{ name: 'main', image, volumeMounts: [{ name: volume, mountPath: '/data' }] }],
    volumes: [{ name: volume, ephemeral: { volumeClaimTemplate } }],
  })
}

describe('the claim of a cache', () => {
  test.each<[string, string[], string]>([
    ['is not deleted', ['delete', 'pvc', CLAIM, '--wait=false'], 'ClaimProtected'],
    ['is not deleted with all', ['delete', 'pvc', '--all', '--wait=false'], 'ClaimProtected'],
    [
      'gets no owner, by whom it would be collected or mounted',
      [
        ...['patch', 'pvc', CLAIM, '--type=merge', '-p'],
        '{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"x","uid":"1","controller":true}]}}',
      ],
      'ClaimProtected',
    ],
    ['keeps its label', ['label', 'pvc', CLAIM, 'modelplane.ai/modelcache-'], 'ClaimProtected'],
    [
      'is bound to no volume of a tenant',
      ['patch', 'pvc', CLAIM, '--type=merge', '-p', '{"spec":{"volumeName":"mine"}}'],
      'ClaimProtected',
    ],
  ])('%s', async (_what, args, reason) => {
    await expectDenied(args, reason)
  })

  test('may be annotated and read', async () => {
    const { code, stderr } = await cluster.kubectl([...TENANT, 'annotate', 'pvc', CLAIM, 'team=ml'])
    expect(code, stderr).toBe(0)
  })

  test('is deleted by our controller, by the garbage collector, and with its namespace', async () => {
    const role = ['create', 'role', 'claims', '--verb=delete', '--resource=persistentvolumeclaims']
    await cluster.kubectl(role)
    await cluster.kubectl([
      ...['create', 'rolebinding', 'claims', '--role=claims'],
      '--serviceaccount=modelcache-system:modelcache-controller',
    ])
    for (const who of [CONTROLLER, ['--as=system:serviceaccount:kube-system:generic-garbage-collector']]) {
      await eventually(`a deletion by ${who}`, async () => {
        const { code } = await cluster.kubectl([...who, 'delete', 'pvc', CLAIM, '--dry-run=server'])
        return code === 0 || undefined
      })
    }
    const doomed = await newNamespace()
    await doomed.need(labelled(CLAIM))
    expect((await doomed.kubectl(['delete', 'namespace', doomed.namespace, '--wait=false'])).code).toBe(0)
    await eventually('the end of the namespace', async () => {
      const { stderr } = await doomed.kubectl(['get', 'namespace', doomed.namespace])
      return stderr.includes('NotFound') || undefined
    })
  })
})

describe('a claim that was deleted and made again', () => {
  test('ends Ready, and is injected nowhere', async () => {
    await cluster.need(pausedCache('cloned', soundSpec()), labelled('modelcache--cloned'))
    const staged = { ...readyStatus('modelcache--cloned'), claimUID: 'that-of-the-claim-before' }
    await cluster.setStatus('modelcache/cloned', staged)
    await cluster.kubectl(['annotate', 'modelcache/cloned', 'modelplane.ai/paused-'])
    await eventually('the end of Ready', async () => {
      const { stdout } = await cluster.kubectl([
        'get',
        'modelcache/cloned',
        '-o',
        'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
      ])
      return stdout === 'False' || undefined
    })
    const asking = pod({ name: 'asks', annotations: { 'modelplane.ai/caches': 'cloned' } })
    const { code, stderr } = await create(TENANT, asking)
    expect(code).toBe(1)
    expect(stderr).toContain('CacheNotReady: ')
  })
})

describe('a name that is reserved', () => {
  test.each<[string, object]>([
    ['a claim', claim('modelcache--llama', ['ReadWriteMany'])],
    ['a claim under another name with our label', labelled('mine')],
    ['a pod whose ephemeral volume has such a claim', ephemeral({ name: 'modelcache--llama' }, 'x')],
    ['such a pod by generateName', ephemeral({ name: undefined, generateName: 'modelcache--' }, 'x')],
    ['a plain pod', pod({ name: 'modelcache--weights-abcde' })],
    [
      'a Job',
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'modelcache--weights' },
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } } },
      },
    ],
  ])('is denied, and to rename is advised: %s', async (_what, object) => {
    const { code, stderr } = await create(TENANT, object)
    expect(code, stderr).toBe(1)
    expect(stderr).toMatch(/NameReserved: .*another name/)
  })

  test('is told to the workload whose pods would have it', async () => {
    const labels = { app: 'x' }
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'modelcache--weights' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } },
      },
    }
    expect((await create(TENANT, deployment)).code).toBe(0)
    const events = ['get', 'events', '--field-selector', 'reason=FailedCreate,involvedObject.kind=ReplicaSet']
    const words = await eventually('an event', async () => {
      const { stdout } = await cluster.kubectl([...events, '-o', 'jsonpath={.items[*].message}'])
      return stdout || undefined
    })
    expect(words).toMatch(/NameReserved: .*the workload that creates it, another name/)
  })

  test.each<[string, object]>([
    ['a pod named modelcache with an ephemeral volume', ephemeral({ name: 'modelcache' }, 'mistral')],
    ['a claim with one dash', claim('modelcache-own', ['ReadWriteMany'])],
  ])('is not that of %s', async (_what, object) => {
    const { code, stderr } = await create(TENANT, object)
    expect(code, stderr).toBe(0)
  })
})

describe('the hydration pod', () => {
  const NAME = 'modelcache--weights-abcde'

  beforeAll(async () => {
    const hydration = pod(
      { name: NAME, labels: LABEL },
      { containers: [{ name: 'hydrate', image, volumeMounts: [] }], restartPolicy: 'Never' },
    )
    const role = ['create', 'clusterrolebinding', `jobs-${cluster.namespace}`, '--clusterrole=cluster-admin']
    await cluster.kubectl([...role, '--user=jobs'])
    const { code, stderr } = await create(['--as=jobs'], hydration)
    expect(code, stderr).toBe(0)
  })

  test.each<[string, string[]]>([
    ['set image', ['set', 'image', `pod/${NAME}`, 'hydrate=evil']],
    ['label', ['label', 'pod', NAME, 'modelplane.ai/modelcache-']],
    [
      'patch of its owners',
      [
        'patch',
        'pod',
        NAME,
        '--type=merge',
        '-p',
        '{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"x","uid":"1"}]}}',
      ],
    ],
    ['debug', ['debug', NAME, '--image=evil', '--target=hydrate', '--', 'sh']],
    ['exec', ['exec', NAME, '--', 'sh']],
    ['attach', ['attach', NAME]],
    ['port-forward', ['port-forward', `pod/${NAME}`, '0:80']],
  ])('is not changed or entered by kubectl %s', async (verb, args) => {
    // kubectl checks whether the pod runs before it forwards or attaches, so these tests call the API server
    // themselves.
    const raw = { attach: 'attach', exec: 'exec', 'port-forward': 'portforward' }[verb]
    if (raw === undefined) return expectDenied(args, 'HydrationProtected')
    const path = `/api/v1/namespaces/${cluster.namespace}/pods/${NAME}/${raw}`
    await expectDenied(['create', '--raw', path, '-f', '-'], 'HydrationProtected', {})
  })

  test('may be annotated, as networks do, and looked into by administrators', async () => {
    for (const args of [
      [...TENANT, 'annotate', 'pod', NAME, 'network=known'],
      ['label', 'pod', NAME, 'looked=at'],
    ]) {
      const { code, stderr } = await cluster.kubectl(args)
      expect(code, stderr).toBe(0)
    }
  })
})
